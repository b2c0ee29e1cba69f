"""Runs a peer of a side-by-side benchmark, and writes down what the other side needs for the same work.

    python peer_with_ids.py PEER.py IDS_FILE [the peer's arguments]

The token ids that the peer draws go to IDS_FILE, 32 bits each; its first loss goes to stderr as "first_loss VALUE".
"""
import runpy, sys
import torch

peer, ids_file = sys.argv[1:3]
sys.argv = [peer] + sys.argv[3:]
draw = torch.randint


def draw_and_keep(*args, **kwargs):
    ids = draw(*args, **kwargs)
    ids.to(torch.int32).cpu().numpy().tofile(ids_file)
    return ids


first = []
item = torch.Tensor.item


def item_and_keep(self):
    value = item(self)
    if not first and self.requires_grad:
        first.append(value)
        print("first_loss", value, file=sys.stderr)
    return value


torch.randint = draw_and_keep
torch.Tensor.item = item_and_keep
sys.path.insert(0, peer.rsplit("/", 1)[0])
runpy.run_path(peer, run_name="__main__")
