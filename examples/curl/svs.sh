#!/usr/bin/env bash
# 签名验签服务（GM/T 0029 附录 B）：验证一张证书，并问状态。
#   svs.sh 对外地址 证书.pem
# 证书有效时输出 respValue=0&state=0，退出值为 0。
set -euo pipefail
base=$1 certificate=$2

answer=$(curl -fsS "$base/svs/ValidateCert" -H 'SVS-Request-Version: v1' \
    --data-urlencode "cert=$(openssl x509 -in "$certificate" -outform DER | base64 -w0)" \
    --data 'ocsp=TRUE')
echo "$answer"
[ "$answer" = 'respValue=0&state=0' ]
