"""Makes tests/golden/signatures: keys of every kind, and what the openssl command signs with them.

Run with openssl 3: python3 tools/golden/signatures/make.py
"""

import base64
import hashlib
import json
import pathlib
import subprocess

OUT = pathlib.Path(__file__).resolve().parents[3] / "tests" / "golden" / "signatures"
CURVES = {"ecdsa_p256": ("P-256", "sha256"), "ecdsa_p384": ("P-384", "sha384"), "ecdsa_p521": ("P-521", "sha512")}
MESSAGE = b"what was trained, and on what\n" * 7
PASSPHRASE = "a passphrase for tests"


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def write(name, data):
    (OUT / name).write_bytes(data)
    return OUT / name


def make_key(name, *how):
    key = write(name + ".pem", openssl("genpkey", *how))
    write(name + ".pub.pem", openssl("pkey", "-in", key, "-pubout"))
    return key


def public_facts(name):
    der = openssl("pkey", "-pubin", "-in", OUT / (name + ".pub.pem"), "-pubout", "-outform", "DER")
    return {"name": name, "spki": base64.b64encode(der).decode(), "spki_sha256": hashlib.sha256(der).hexdigest()}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    message = write("message.txt", MESSAGE)
    rows = []
    key = make_key("ed25519", "-algorithm", "ed25519")
    signature = openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", message)
    rows.append({**public_facts("ed25519"), "algorithm": "ed25519", "signature": base64.b64encode(signature).decode()})
    for algorithm, (curve, digest) in CURVES.items():
        key = make_key(algorithm, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve)
        signature = openssl("dgst", "-" + digest, "-sign", key, message)
        rows.append({**public_facts(algorithm), "algorithm": algorithm, "signature": base64.b64encode(signature).decode()})
    p256 = OUT / "ecdsa_p256.pem"
    # The same key in other clothes.
    write("ecdsa_p256_sec1.pem", b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
          + openssl("ec", "-in", p256))
    write("ecdsa_p256_encrypted.pem", openssl("pkey", "-in", p256, "-aes256", "-passout", "pass:" + PASSPHRASE))
    write("ecdsa_p256_sec1_encrypted.pem", openssl("ec", "-in", p256, "-aes256", "-passout", "pass:" + PASSPHRASE))
    write("ecdsa_p256_compressed.pub.pem", openssl("ec", "-in", p256, "-pubout", "-conv_form", "compressed"))
    # What has to be refused.
    write("ecdsa_p256_explicit.pub.pem", openssl("ec", "-in", p256, "-pubout", "-param_enc", "explicit"))
    write("certificate.pem", openssl("req", "-x509", "-key", p256, "-subj", "/CN=forgelm test", "-days", "36500"))
    make_key("rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    make_key("x25519", "-algorithm", "X25519")
    make_key("secp256k1", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1")
    (OUT / "signatures.json").write_text(json.dumps({"passphrase": PASSPHRASE, "keys": rows}, indent=2) + "\n")
    version = openssl("version").decode().split()[1]
    manifest = {"maker": "tools/golden/signatures/make.py", "versions": {"openssl": version},
                "rows": {"signatures.json": len(rows)}}
    (OUT / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
