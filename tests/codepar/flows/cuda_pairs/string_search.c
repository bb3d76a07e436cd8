int count_matches(const char *text, int length, const char *pattern, int width) {
    int found = 0;
    for (int start = 0; start + width <= length; start++) {
        int equal = 1;
        for (int k = 0; k < width; k++)
            if (text[start + k] != pattern[k]) equal = 0;
        found += equal;
    }
    return found;
}
