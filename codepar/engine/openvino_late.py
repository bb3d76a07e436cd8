"""The embedded engine for a single command: what it can do is read from the model's header, sites are scored at once, and the
language model, which takes ten seconds to load, only when it is asked.

Limits: a file whose header is sound and whose weights are not is found out at the first question.
"""

from __future__ import annotations

from collections.abc import Sequence

from codepar.engine.gguf_header import read_header
from codepar.engine.infill import infill_of_vocabulary
from codepar.engine.late import LateGenerator
from codepar.engine.models import InstalledModel, find_model, require_model
from codepar.engine.openvino import GRAMMARS, open_openvino, site_model_of
from codepar.engine.openvino_pipeline import DEFAULT_CONTEXT
from codepar.engine.site_scorer import LazySites
from codepar.errors import Unsupported
from codepar.protocols import Capabilities, SiteScores, SiteText
from codepar.settings import Settings

_TOKENS = "tokenizer.ggml.tokens"
_CHAT = "tokenizer.chat_template"


class LateOpenVino(LateGenerator):
    """A ``Generator`` and a ``SiteScorer``. Raises ``EngineUnavailable`` at once when the model is not installed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(lambda: open_openvino(settings))
        sites = find_model(settings.models_dir, settings.site_model)
        self._sites = LazySites(sites) if sites is not None else None
        self._capabilities = _capabilities(require_model(settings.models_dir, settings.model), sites)

    async def capabilities(self) -> Capabilities:
        return self._capabilities

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """As `SiteScorer` has it."""
        if self._sites is None:
            raise Unsupported("no site scorer is built", remedy="codepar models build mpi-sites")
        return await self._sites.score_sites(texts)


def _capabilities(model: InstalledModel, sites: InstalledModel | None) -> Capabilities:
    """What the loaded engine would say of itself."""
    header = read_header(model.path, (_TOKENS,))
    tokens = header.metadata.get(_TOKENS) or ()
    control = {tokens[index] for index in header.control_token_ids() if index < len(tokens)}
    return Capabilities(
        model=model.record.name,
        artefact=model.record.artefact,
        sha256=model.record.sha256,
        backend="openvino",
        context_tokens=header.context_tokens or DEFAULT_CONTEXT,
        chat=bool(header.metadata.get(_CHAT)),
        infill=infill_of_vocabulary(control.__contains__) is not None,
        grammar=GRAMMARS,
        logprobs=True,
        scoring=True,
        sites=sites is not None,
        site_model=site_model_of(sites.record) if sites is not None else None,
    )
