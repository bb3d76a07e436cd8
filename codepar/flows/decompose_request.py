"""What may be asked of decomposition: the body ``{prompt, files, options}`` and its bounds.

``project`` instead of ``files`` is taken too, as in the other requests. Limits: validation alone; nothing here runs.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from codepar.project import MAX_FILE_BYTES, MAX_FILES, Project
from codepar.protocols import Record

DEFAULT_BUDGET_S = 900.0
DEFAULT_ITEM_BUDGET_S = 120.0

SplitChoice = Literal["auto", "never", "always"]
Extractor = Literal["rules", "model"]


class DecompositionOptions(Record):
    """Options of ``split``.

    ``run`` carries the plan out; without it the plan itself is the answer. ``split``: ``auto`` asks the parts side by side where
    that is expected to pay, ``always`` wherever there are parts, ``never`` asks the request as it is. ``max_tokens`` bounds one
    answer of the language model, ``item_budget_s`` the time for an item with its repairs, ``budget_s`` all asking together.
    ``verify`` false leaves out whatever runs programs: translations and completions are then answers like others, unchecked.
    """

    split: SplitChoice = "auto"
    run: bool = False
    extractor: Extractor = Field(default="rules", description="model: ask the language model where the rules are unsure")
    verify: bool = Field(default=True, description="translate and complete with a verdict, compile other code")
    max_tokens: int = Field(default=1024, ge=1, le=32_768)
    temperature: float = Field(default=0.0, ge=0, le=5)
    concurrency: int = Field(default=8, ge=1, le=256)
    repair: int = Field(default=2, ge=0, le=2, description="how often an answer that is not acceptable is asked for again")
    item_budget_s: float = Field(default=DEFAULT_ITEM_BUDGET_S, gt=0, le=3600)
    budget_s: float = Field(default=DEFAULT_BUDGET_S, gt=0, le=3600)
    seed: int | None = Field(default=None, ge=0, lt=2**63, description="of the tests that judge translations")


class DecompositionRequest(Record):
    """A request in words, with the files that it speaks of by name."""

    prompt: str
    files: dict[str, str] = Field(default_factory=dict, max_length=MAX_FILES)
    options: DecompositionOptions = DecompositionOptions()

    @model_validator(mode="before")
    @classmethod
    def _expand_project(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "project" not in value:
            return value
        project = value["project"]
        if "files" in value or not isinstance(project, dict) or set(project) - {"files"}:
            raise ValueError("give the files either as `files` or as `project.files`, and no build or run command")
        return {**{name: one for name, one in value.items() if name != "project"}, "files": project.get("files", {})}

    @field_validator("prompt")
    @classmethod
    def _check_prompt(cls, prompt: str) -> str:
        try:
            size = len(prompt.encode())
        except UnicodeEncodeError as error:
            raise ValueError("the prompt holds half of a surrogate pair") from error
        if size > MAX_FILE_BYTES:
            raise ValueError(f"the prompt has {size} bytes, more than the {MAX_FILE_BYTES} allowed; attach its code as files")
        return prompt

    @field_validator("files")
    @classmethod
    def _check_files(cls, files: dict[str, str]) -> dict[str, str]:
        try:
            if files:
                Project(files=files)
        except ValidationError as error:
            # As it is it would be told as a fault of `files.files`.
            raise ValueError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from error
        for path, text in files.items():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise ValueError(f"{path} is not UTF-8") from error
        return files
