#!/usr/bin/env bash
# How the keys beside this file were made, by GnuPG 2.2: of kinds that the agent's own OpenPGP refuses to make. They are for
# tests, never expire, and had no passphrase; only their public halves are kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT

make() { # name, parameters of --generate-key (GnuPG manual, "Unattended key generation"), options of gpg
  printf '%%no-protection\n%s\nName-Real: %s\nExpire-Date: 0\n%%commit\n' "$2" "$1" |
    gpg --batch --quiet "${@:3}" --generate-key
  gpg --armor --export "$1" >"$1.asc"
}

make dsa-elgamal $'Key-Type: DSA\nKey-Length: 2048\nSubkey-Type: ELG-E\nSubkey-Length: 2048'
make sha1-signed $'Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign,cert\nSubkey-Type: RSA\nSubkey-Length: 2048\nSubkey-Usage: encrypt' \
  --cert-digest-algo SHA1 --allow-weak-digest-algos
