"""Operator messages U20xx: our own certificate, and why a server's is not trusted."""

from collections.abc import Mapping

from drivers.contract import Message
from drivers.phrase import Phrase, in_chinese

_COMMAND = "{lineside} trust {file} add {short} --state-dir {state_dir}"

MESSAGES: dict[str, Message] = {
    "U2001": Message(
        "notice",
        "已生成本机的 OPC UA 证书 {path}（指纹 {fingerprint}，应用 URI {uri}，有效期至 {ends}）",
        "made this gateway's OPC UA certificate {path} (fingerprint {fingerprint}, application URI {uri}, valid until "
        "{ends})",
        "在每台 OPC UA 服务器上信任这个证书（它在首次连接后出现在服务器的“已拒绝”列表中）",
        "trust it on each OPC UA server (after the first attempt it stands among those that the server rejected)",
    ),
    "U2002": Message(
        "error",
        "本机的 OPC UA 证书或私钥已损坏（{reason}），已移到 {aside}，并生成了新的证书",
        "this gateway's OPC UA certificate or its key was damaged ({reason}); both are kept in {aside}, and new ones "
        "were made",
        "服务器还不认识新证书：在每台服务器上信任它，或从备份恢复 {folder}",
        "no server knows the new one: trust it on each of them, or bring back {folder} from a backup",
    ),
    "U2003": Message(
        "error",
        "无法读写 OPC UA 证书目录 {folder}：{reason}",
        "the folder of OPC UA certificates {folder} cannot be read or written: {reason}",
        "它必须属于运行采集程序的用户：ls -ld {folder}；并检查磁盘是否已满",
        "it must belong to the user of the agent: ls -ld {folder}; and see whether the disk is full",
    ),
    "U2004": Message(
        "error",
        "私钥 {path} 可被其他用户读取（权限 {mode}），不予使用",
        "others can read the private key {path} (mode {mode}); it is not used",
        "执行 chmod 600 {path}",
        "run chmod 600 {path}",
    ),
    "U2005": Message(
        "error",
        "{path} 不能用作 OPC UA 证书或私钥：{reason}",
        "{path} cannot be used as an OPC UA certificate or key: {reason}",
        "证书为 DER 或 PEM，私钥为不加密的 RSA 私钥",
        "the certificate is DER or PEM, the key an RSA key without a passphrase",
    ),
    "U2006": Message(
        "error",
        "私钥 {key} 不属于证书 {path}",
        "the key {key} does not belong to the certificate {path}",
        "security 中的 cert_file 和 key_file 必须是同一次生成的一对",
        "cert_file and key_file of `security` must be one pair",
    ),
    "U2007": Message(
        "error",
        "证书 {path} 中没有应用 URI，OPC UA 服务器不会接受它",
        "the certificate {path} names no application URI, so no OPC UA server takes it",
        "重新签发，在 subjectAltName 中加入 URI:urn:…，或删去 cert_file 和 key_file 使用自动生成的证书",
        "have it issued with URI:urn:... in subjectAltName, or leave out cert_file and key_file",
    ),
    "U2008": Message(
        "warning",
        "本机的 OPC UA 证书 {path} 还有 {days} 天到期（{ends}）",
        "this gateway's OPC UA certificate {path} expires in {days} days ({ends})",
        "更换：{renew}，然后在服务器上信任新证书",
        "to renew it: {renew}, then trust the new one on the servers",
    ),
    "U2009": Message(
        "error",
        "本机的 OPC UA 证书 {path} 已于 {ends} 到期，服务器会拒绝它",
        "this gateway's OPC UA certificate {path} expired on {ends}; servers refuse it",
        "更换：{renew}，然后在服务器上信任新证书",
        "renew it: {renew}, then trust the new one on the servers",
        "本机的 OPC UA 证书有效",
        "this gateway's OPC UA certificate is valid",
    ),
    "U2010": Message(
        "error",
        "本机的 OPC UA 证书 {path} 从 {begins} 起才有效，而本机时间是 {today}",
        "this gateway's OPC UA certificate {path} is valid only from {begins}, and here it is {today}",
        "检查网关时钟；时钟正确时更换证书：{renew}",
        "check the gateway's clock; if it is right, renew the certificate: {renew}",
        "本机的 OPC UA 证书有效",
        "this gateway's OPC UA certificate is valid",
    ),
    "U2020": Message(
        "error",
        "服务器的证书尚未被信任：{subject}（由 {issuer} 签发），指纹 {fingerprint}",
        "the server's certificate is not trusted yet: {subject}, signed by {issuer}, fingerprint {fingerprint}",
        "与服务器上显示的指纹核对，一致则执行：" + _COMMAND,
        "compare the fingerprint with what the server shows; if it is the same: " + _COMMAND,
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2021": Message(
        "error",
        "服务器 {subject} 换了证书：受信任的是 {pinned}，现在出示的是 {fingerprint}",
        "the server {subject} shows another certificate: trusted is {pinned}, shown is {fingerprint}",
        "若确实更换了证书，核对指纹后执行：" + _COMMAND + "；若没有人更换过，可能有人在冒充服务器",
        "if it was renewed, compare the fingerprint, then: " + _COMMAND + "; if nobody renewed it, somebody may stand "
        "in for the server",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2022": Message(
        "error",
        "证书 {subject} 已于 {ends} 到期（指纹 {fingerprint}）",
        "the certificate of {subject} expired on {ends} (fingerprint {fingerprint})",
        "先看网关的时钟（date）；时钟正确，就在服务器上重新生成证书",
        "look at this gateway's clock (date); if it is right, have the server make a new certificate",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2023": Message(
        "error",
        "证书 {subject} 从 {begins} 起才有效，而本机时间是 {today}（指纹 {fingerprint}）",
        "the certificate of {subject} is valid only from {begins}, and here it is {today} (fingerprint {fingerprint})",
        "检查网关和服务器的时钟",
        "check the clocks of this gateway and of the server",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2024": Message(
        "error",
        "证书属于应用 {uri}，而服务器自称 {expected}（{subject}，指纹 {fingerprint}）",
        "the certificate is for the application {uri}, and the server calls itself {expected} ({subject}, fingerprint "
        "{fingerprint})",
        "在服务器上重新生成证书（更改应用名称或主机名后需要这样做）",
        "have the server make its certificate again, as after a change of its name",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2025": Message(
        "error",
        "证书 {subject} 的签名不对：不是由 {issuer} 签发的（指纹 {fingerprint}）",
        "the signature of {subject} is wrong: it was not made by {issuer} (fingerprint {fingerprint})",
        "证书已损坏或是伪造的；若签发机构换过密钥，请信任它的新证书",
        "it is damaged or forged; if its authority has a new key, trust the authority's new certificate",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2026": Message(
        "error",
        "服务器证书链中的 {subject} 不是签发机构，无权签发（指纹 {fingerprint}）",
        "{subject}, in the server's chain of certificates, is no authority and may not sign (fingerprint "
        "{fingerprint})",
        "信任服务器自己的证书，或请管理员检查证书链",
        "trust the server's own certificate, or have the chain checked",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2027": Message(
        "error",
        "服务器出示的不是证书：{reason}",
        "what the server shows is no certificate: {reason}",
        "检查 url 是否指向 OPC UA 服务器，并在服务器上重新生成证书",
        "check that the url is that of an OPC UA server, and have it make its certificate again",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2028": Message(
        "error",
        "证书 {subject} 已于 {since} 被 {issuer} 吊销（指纹 {fingerprint}）",
        "{issuer} revoked the certificate of {subject} on {since} (fingerprint {fingerprint})",
        "在服务器上更换证书",
        "renew it on the server",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2029": Message(
        "error",
        "证书由受信任的机构签发，但只用于 {hosts}，不用于 {host}（{subject}，指纹 {fingerprint}）",
        "the certificate has a trusted authority, but is for {hosts}, not for {host} ({subject}, fingerprint "
        "{fingerprint})",
        "在 url 中使用证书中的名称；或核对指纹后信任这个证书本身：" + _COMMAND,
        "use a name of the certificate in the url; or compare the fingerprint and trust this very one: " + _COMMAND,
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2030": Message(
        "error",
        "证书 {subject} 不是服务器证书（用途不符，指纹 {fingerprint}）",
        "the certificate of {subject} is not a server's (by its key usage; fingerprint {fingerprint})",
        "请签发机构为服务器签发用途为 serverAuth、digitalSignature 的证书；或核对指纹后执行：" + _COMMAND,
        "have it issued for serverAuth and digitalSignature; or compare the fingerprint, then: " + _COMMAND,
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2031": Message(
        "error",
        "服务器证书链中的 {subject} 强度不够（RSA 少于 2048 位，或 MD5、SHA-1 签名；指纹 {fingerprint}）",
        "{subject}, in the server's chain of certificates, is too weak (RSA under 2048 bits, or signed with MD5 or "
        "SHA-1; fingerprint {fingerprint})",
        "请签发机构重新签发；或信任服务器自己的证书",
        "have it issued again; or trust the server's own certificate",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2032": Message(
        "error",
        "服务器证书链中的 {subject} 含有本程序不认识的关键扩展 {extension}（指纹 {fingerprint}）",
        "{subject}, in the server's chain of certificates, has a critical extension that is not known here: "
        "{extension} (fingerprint {fingerprint})",
        "信任服务器自己的证书",
        "trust the server's own certificate",
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2033": Message(
        "error",
        "吊销列表 {path} 无法使用：{reason}；在此之前不信任任何服务器证书",
        "the revocation list {path} cannot be used: {reason}; until then no certificate is trusted",
        "换上签发机构的最新吊销列表（DER 或 PEM），或删去该文件",
        "put the authority's latest list in its place (DER or PEM), or remove the file",
        "吊销列表可以使用",
        "the revocation list can be used",
    ),
    "U2034": Message(
        "error",
        "无法读取信任列表 {folder}：{reason}",
        "the trust list {folder} cannot be read: {reason}",
        "它必须属于运行采集程序的用户：ls -ld {folder}",
        "it must belong to the user of the agent: ls -ld {folder}",
        "信任列表可以读取",
        "the trust list can be read",
    ),
    "U2035": Message(
        "error",
        "服务器的证书 {subject} 由 {issuer} 签发，不在受信任的机构 {authority} 之下：受信任的是 {pinned}，"
        "现在出示的是 {fingerprint}",
        "the server's certificate ({subject}) is signed by {issuer} and does not lead to the trusted authority "
        "{authority}: trusted is {pinned}, shown is {fingerprint}",
        "请机构重新签发；若确实换了签发者，与服务器上显示的指纹核对后执行：" + _COMMAND,
        "have it issued by the authority; if it was meant to have another issuer, compare the fingerprint with what "
        "the server shows, then: " + _COMMAND,
        "服务器的证书已被信任",
        "the server's certificate is trusted",
    ),
    "U2040": Message(
        "error",
        "文件不是证书：{reason}",
        "the file is no certificate: {reason}",
        "给出 DER 或 PEM 格式的证书文件",
        "give a certificate in DER or PEM",
    ),
    "U2041": Message(
        "error",
        "没有指纹以 {what} 开头的证书",
        "there is no certificate whose fingerprint begins with {what}",
        "列出现有的证书：{lineside} trust {file} list --state-dir {state_dir}",
        "to see which there are: {lineside} trust {file} list --state-dir {state_dir}",
    ),
    "U2042": Message(
        "error",
        "有 {count} 个证书的指纹以 {what} 开头",
        "the fingerprints of {count} certificates begin with {what}",
        "多写几位",
        "write more of it",
    ),
    "U2043": Message(
        "error",
        "证书 {subject} 已被信任（指纹 {fingerprint}）",
        "the certificate of {subject} is trusted already (fingerprint {fingerprint})",
    ),
    "U2044": Message(
        "error",
        '"{what}" 不是指纹',
        '"{what}" is no fingerprint',
        "写出指纹的前几位，至少 4 位十六进制数，如 3F:A2:0B；或给出证书文件",
        "write how it begins, 4 hexadecimal digits at least, such as 3F:A2:0B; or name a file with a certificate",
    ),
}


def said_in_both(code: str, facts: Mapping[str, object]) -> Phrase:
    """A message as the reason of another one."""
    message = MESSAGES[code]
    chinese = {key: in_chinese(fact) if isinstance(fact, str) else fact for key, fact in facts.items()}
    return Phrase(message.zh.format(**chinese), message.en.format(**facts))
