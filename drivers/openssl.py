"""What OpenSSL says of a certificate, a file or a handshake, in two languages."""

import ssl
from collections.abc import Mapping

from drivers.phrase import Phrase, known

_VERIFYING: Mapping[int, str] = {
    2: "找不到上级 CA 的证书",
    7: "证书签名不符",
    9: "证书尚未生效",
    10: "证书已过期",
    18: "证书是自签名的",
    19: "证书链中有不受信任的自签名证书",
    20: "找不到签发它的 CA",
    21: "证书链不完整，无法验证",
    22: "证书链太长",
    23: "证书已被吊销",
    25: "证书链超过允许的层数",
    26: "证书用途不符",
    27: "证书不受信任",
    28: "证书被拒绝",
    62: "主机名与证书不符",
    64: "IP 地址与证书不符",
    66: "证书的密钥太短",
    67: "CA 证书的密钥太短",
    68: "CA 的签名算法太弱",
    79: "CA 证书无效",
    85: "证书缺少签发者密钥标识",
    92: "CA 证书没有写明密钥用途",
}
"""By OpenSSL's X509_V_ERR_*: openssl/x509_vfy.h."""

UNKNOWN = "unknown"
_OPENSSL: Mapping[str, str] = {
    UNKNOWN: "原因不明",
    "NO_CERTIFICATE_OR_CRL_FOUND": "文件里没有证书",
    "NO_START_LINE": "没有 PEM 起始行",
    "BAD_END_LINE": "PEM 结束行不对",
    "BAD_BASE64_DECODE": "base64 编码损坏",
    "EE_KEY_TOO_SMALL": "证书的密钥太短",
    "CA_KEY_TOO_SMALL": "CA 证书的密钥太短",
    "CA_MD_TOO_WEAK": "签名算法太弱",
    "KEY_TYPE_MISMATCH": "证书和私钥的类型不同",
    "DH_KEY_TOO_SMALL": "对方的 DH 参数太短",
    "BAD_SIGNATURE": "对方的签名不符",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "数据校验失败",
    "TLSV1_ALERT_INTERNAL_ERROR": "对方内部错误",
    "TLSV1_ALERT_DECRYPT_ERROR": "对方校验签名失败",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": "对方要求更强的加密",
}
"""Reasons that OpenSSL has for a file or a connection: openssl/sslerr.h, pemerr.h, x509err.h."""


def unverified(error: ssl.SSLCertVerificationError) -> Phrase:
    """What is wrong with a certificate, as OpenSSL says it."""
    return known(_VERIFYING.get(error.verify_code), error.verify_message)


def of_openssl(reason: str) -> Phrase:
    """One of OpenSSL's reasons, such as `NO_START_LINE`."""
    return known(_OPENSSL.get(reason), reason.replace("_", " ").lower())
