"""tree-sitter views and edits of C and C++: functions, calls, scopes, spans."""
