#!/usr/bin/env bash
# 用 OpenSSL 查询一张证书的状态。
#   ocsp.sh 对外地址 证书.pem
# 正常时输出 good，退出值为 0。
set -euo pipefail
base=$1 certificate=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

curl -fsS -o "$folder/issuer.pem" "$base/ca/issuing.pem"
# -noverify：openssl ocsp 不会使用 SM2 的签名者标识；应答签名的验证见 docs/integrate/ocsp.md。
openssl ocsp -issuer "$folder/issuer.pem" -cert "$certificate" -url "$base/ocsp" -noverify \
    >"$folder/answer.txt" 2>&1 || { cat "$folder/answer.txt"; exit 1; }
status=$(awk -F': ' -v file="$certificate" 'index($0, file ": ") == 1 { print $NF }' "$folder/answer.txt")
echo "$status"
[ "$status" = good ]
