"""Makes tests/golden/tensorboard: an event file as tensorboard's own classes write it, and what is in it.

Run with tensorboard 2.21.0: python3 tools/golden/tensorboard/make.py
`--read FOLDER` shows what tensorboard's EventAccumulator reads from a folder of event files instead.
"""

import io
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import versions

versions.require({"tensorboard": "2.21.0"})
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "tensorboard"
# Small and large steps, texts beyond ASCII and beyond one length byte, floats that are no float32 and none at all.
ROWS = [
    {"scalar": "train/loss", "step": 1, "value": 2.718281828459045, "wall_time": 1700000000.25},
    {"scalar": "train/loss", "step": 300, "value": 1e-30, "wall_time": 1700000001.5},
    {"scalar": "eval/loss", "step": 0, "value": 0.1, "wall_time": 1700000002.0},
    {"scalar": "train/grad_norm", "step": 2**40, "value": -3.5, "wall_time": 1700000002.0},
    {"scalar": "train/learning_rate", "step": 2, "value": 0.0, "wall_time": 1700000002.0},
    {"scalar": "train/none", "step": 3, "value": float("inf"), "wall_time": 1700000002.0},
    {"text": "samples/1", "step": 5, "value": "Ein Satz \u2014 \u4f60\u597d\n" * 20, "wall_time": 1700000003.0},
    {"text": "samples/2", "step": 0, "value": "", "wall_time": 1700000003.0},
    {"restart": "", "step": 4, "value": 0, "wall_time": 1700000004.0},
]


def summary(value):
    return summary_pb2.Summary(value=[value])


def to_event(row):
    event = event_pb2.Event(wall_time=row["wall_time"], step=row["step"])
    if "scalar" in row:
        event.summary.CopyFrom(summary(summary_pb2.Summary.Value(tag=row["scalar"], simple_value=row["value"])))
    elif "text" in row:
        one = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)])
        tensor = tensor_pb2.TensorProto(dtype="DT_STRING", string_val=[row["value"].encode()], tensor_shape=one)
        plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
        metadata = summary_pb2.SummaryMetadata(plugin_data=plugin)
        event.summary.CopyFrom(summary(summary_pb2.Summary.Value(tag=row["text"], tensor=tensor, metadata=metadata)))
    else:
        event.session_log.status = event_pb2.SessionLog.START
    return event


def make():
    out = io.BytesIO()
    writer = RecordWriter(out)
    writer.write(event_pb2.Event(wall_time=1700000000.0, file_version="brain.Event:2").SerializeToString())
    for row in ROWS:
        writer.write(to_event(row).SerializeToString())
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "events.bin").write_bytes(out.getvalue())
    rows = [dict(row, value=str(row["value"]) if row["value"] == float("inf") else row["value"]) for row in ROWS]
    (OUT / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = {"maker": "tools/golden/tensorboard/make.py", "versions": {"tensorboard": "2.21.0"}, "rows": len(ROWS)}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


def read(folder):
    events = event_accumulator.EventAccumulator(folder)
    events.Reload()
    for tag in events.Tags()["scalars"]:
        for event in events.Scalars(tag):
            print(json.dumps({"tag": tag, "step": event.step, "value": event.value}))
    for tag in events.Tags()["tensors"]:
        for event in events.Tensors(tag):
            print(json.dumps({"tag": tag, "step": event.step, "text": event.tensor_proto.string_val[0].decode()}))


if len(sys.argv) == 3 and sys.argv[1] == "--read":
    read(sys.argv[2])
else:
    make()
