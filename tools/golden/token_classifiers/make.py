"""Small token classifiers with the logits and spans that transformers gives: tests/golden/token_classifiers.

    make.py REPOSITORY

One folder a model (random weights, a tokenizer trained on the sentences below), as save_pretrained writes it, and beside
config.json, tokenizer.json, tokenizer_config.json and model.safetensors:

logits.safetensors  N: logits of sentence N alone, [tokens, labels], special tokens included; N.ids: their ids
spans.jsonl         text, stride (null: no windows) -> spans of pipeline("token-classification",
                    aggregation_strategy="simple"): label, score, begin and end (bytes of the text)

The largest logit of every token is 1e-3 ahead of the next, so that spans do not hang on rounding.
"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import versions

VERSIONS = {"torch": "2.11.0", "transformers": "5.23.0", "tokenizers": "0.23.3", "safetensors": "0.8.0"}
versions.require(VERSIONS)

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

torch.set_num_threads(1)

SENTENCES = [
    "Wolfgang Amadeus Mozart was born in Salzburg.",
    "Angela Merkel met the board of Deutsche Bank AG in Frankfurt am Main on Tuesday.",
    "Zo\u00eb M\u00fcller-L\u00fcdenscheidt  lives in S\u00e3o Paulo;\tshe works for \u017ditn\u00fd \u0141\u00f3d\u017a s.r.o.",
    "\u5f20\u4f1f\u5728\u5317\u4eac\u5de5\u4f5c, then moved to \u6771\u4eac.",
    "no names here",
    "IBM's Watson beat Ken Jennings \U0001f600 in 2011!",
    "x",
    "Dr. O'Neill (NASA, Houston) e-mailed dr.oneill@example.org",
]
LONG = " ".join(SENTENCES[:2] * 3 + SENTENCES[3:6])
STRIDES = [4, 9]
LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]
COMMON = {"id2label": dict(enumerate(LABELS)), "label2id": {label: i for i, label in enumerate(LABELS)}}


def word_piece(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(SENTENCES[:3] + SENTENCES[4:], trainers.WordPieceTrainer(vocab_size=220, special_tokens=specials))
    ids = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ids)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer, {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}


XLM_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
XLM_NAMES = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>",
             "unk_token": "<unk>", "mask_token": "<mask>"}


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=340, special_tokens=XLM_SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, XLM_NAMES


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(SENTENCES[:3] + SENTENCES[4:], trainers.UnigramTrainer(
        vocab_size=180, special_tokens=XLM_SPECIALS, unk_token="<unk>"))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer, XLM_NAMES


BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 56,
        "max_position_embeddings": 72}
ROBERTA = dict(BERT, max_position_embeddings=74, pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1, layer_norm_eps=1e-5)
CASES = [
    ("bert", lambda: word_piece(True), transformers.BertForTokenClassification, transformers.BertConfig, BERT),
    ("bert_tanh", lambda: word_piece(False), transformers.BertForTokenClassification, transformers.BertConfig,
     dict(BERT, hidden_act="gelu_new", layer_norm_eps=1e-6)),
    ("distilbert", lambda: word_piece(False), transformers.DistilBertForTokenClassification, transformers.DistilBertConfig,
     {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 56, "max_position_embeddings": 72}),
    ("roberta", byte_level, transformers.RobertaForTokenClassification, transformers.RobertaConfig, ROBERTA),
    ("xlm_roberta", unigram, transformers.XLMRobertaForTokenClassification, transformers.XLMRobertaConfig, ROBERTA),
]


def make_model(kind, config, seed):
    torch.manual_seed(seed)
    model = kind(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            is_norm = "LayerNorm" in name or "layer_norm" in name
            weight.copy_((1.0 if is_norm and name.endswith("weight") else 0.0) + torch.randn_like(weight) * 0.2)
            # Wide margins between the labels, and O not rarer than in life.
            if name.startswith("classifier"):
                weight.mul_(4.0)
        model.classifier.bias[0] += 2.0
    return model


def byte_at(text, character):
    return len(text[:character].encode())


def pipeline_spans(pipe, text, **options):
    return [{"label": span["entity_group"], "score": float(span["score"]), "begin": byte_at(text, span["start"]),
             "end": byte_at(text, span["end"])} for span in pipe(text, aggregation_strategy="simple", **options)]


def make_case(out, name, make_tokenizer, kind, config_kind, options):
    raw, names = make_tokenizer()
    length = options["max_position_embeddings"] - (2 if name.endswith("roberta") else 0)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, model_max_length=length, **names)
    config = config_kind(vocab_size=raw.get_vocab_size(), **COMMON, **options)
    for seed in range(200):
        model = make_model(kind, config, seed)
        if name == "distilbert":  # its file is in half precision
            model = model.to(torch.float16).to(torch.float32)
        logits = {}
        with torch.no_grad():
            for i, text in enumerate(SENTENCES):
                ids = tokenizer(text, return_tensors="pt")["input_ids"]
                assert ids.shape[1] <= length, "%s: %d tokens" % (text, ids.shape[1])
                logits[str(i)] = model(input_ids=ids).logits[0].contiguous()
                logits["%d.ids" % i] = ids[0].to(torch.int32)
        pipe = transformers.TokenClassificationPipeline(model=model, tokenizer=tokenizer)
        best = [logits[str(i)].topk(2).values for i in range(len(SENTENCES))]
        rows = [{"text": text, "stride": None, "spans": pipeline_spans(pipe, text)} for text in SENTENCES]
        rows += [{"text": LONG, "stride": stride, "spans": pipeline_spans(pipe, LONG, stride=stride)} for stride in STRIDES]
        found = {span["label"] for row in rows for span in row["spans"]}
        if min(float((top[:, 0] - top[:, 1]).min()) for top in best) > 1e-3 and len(found) >= 4:
            break
    else:
        raise SystemExit("no seed gives %s clear labels" % name)
    folder = os.path.join(out, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    (model.to(torch.float16) if name == "distilbert" else model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    save_file(logits, os.path.join(folder, "logits.safetensors"))
    for file in os.listdir(folder):
        os.chmod(os.path.join(folder, file), 0o644)
    with open(os.path.join(folder, "spans.jsonl"), "w") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))
    return seed


def main(repository):
    out = os.path.join(repository, "tests/golden/token_classifiers")
    os.makedirs(out, exist_ok=True)
    seeds = {case[0]: make_case(out, *case) for case in CASES}
    with open(os.path.join(out, "MANIFEST.json"), "w") as file:
        json.dump({"maker": "tools/golden/token_classifiers/make.py", "versions": VERSIONS, "seeds": seeds,
                   "sentences": SENTENCES}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
