"""The few protocols that join the rooms, and the typed things they take and give.

``Generator`` is a language model, ``Executor`` compiles and runs code, ``Progress`` hears what happens. Import from here; the
files below part them by who speaks. Limits: no implementation lives here; a variant of any of them is a new file elsewhere.
"""

from __future__ import annotations

from codepar.protocols.execution import (
    EMULATED_CHECKS,
    GPU_CHECKS,
    MAX_RANKS,
    Check,
    CompilerName,
    Diagnostic,
    Emulation,
    Execution,
    Limits,
    Sanitizer,
    Sends,
    Status,
    checked_checks,
    checked_sanitizers,
)
from codepar.protocols.executor import (
    Executor,
    Progress,
    SilentProgress,
)
from codepar.protocols.generation import (
    Capabilities,
    Chunk,
    FinishReason,
    Generation,
    Generator,
    Grammar,
    Message,
    Prompt,
    Sampling,
    TokenLogprob,
)
from codepar.protocols.measured import (
    BranchCount,
    Coverage,
    DeviceWork,
    FileCoverage,
    HostWork,
    KernelWork,
    LineCount,
    Ratio,
    Traffic,
)
from codepar.protocols.result import (
    CheckResult,
    ExecutionResult,
    Verdict,
)
from codepar.protocols.sites import (
    SiteModel,
    SiteScore,
    SiteScorer,
    SiteScores,
    SiteText,
)
from codepar.record import Record

__all__ = [
    "EMULATED_CHECKS",
    "GPU_CHECKS",
    "MAX_RANKS",
    "BranchCount",
    "Capabilities",
    "Check",
    "CheckResult",
    "Chunk",
    "CompilerName",
    "Coverage",
    "DeviceWork",
    "Diagnostic",
    "Emulation",
    "Execution",
    "ExecutionResult",
    "Executor",
    "FileCoverage",
    "FinishReason",
    "Generation",
    "Generator",
    "Grammar",
    "HostWork",
    "KernelWork",
    "Limits",
    "LineCount",
    "Message",
    "Progress",
    "Prompt",
    "Ratio",
    "Record",
    "Sampling",
    "Sanitizer",
    "Sends",
    "SilentProgress",
    "SiteModel",
    "SiteScore",
    "SiteScorer",
    "SiteScores",
    "SiteText",
    "Status",
    "TokenLogprob",
    "Traffic",
    "Verdict",
    "checked_checks",
    "checked_sanitizers",
]
