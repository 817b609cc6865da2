"""Words in two languages, where a sentence of the operator's log has a gap for them."""

import errno
from typing import Self


class Phrase(str):
    """English, as it is compared and published; `zh` says the same to a person who reads Chinese.

        raise NotConnected(Phrase("连接被拒绝", "connection refused"))

    The log shows the one or the other. Names and numbers in it are written into both.
    """

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, zh: str, en: str) -> Self:
        made = super().__new__(cls, en)
        made.zh = zh
        return made


def in_chinese(words: str) -> str:
    """The Chinese of a phrase; what is none stays what it is."""
    return words.zh if isinstance(words, Phrase) else words


def known(zh: str | None, en: str) -> Phrase:
    """Words of somebody else: what nobody has put into Chinese stays as it came, which is better than nothing."""
    return Phrase(zh or en, en)


_OF_SYSTEM = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EROFS: "文件系统只读",
    errno.EIO: "输入/输出错误",
    errno.EACCES: "没有权限",
    errno.EPERM: "操作不允许",
    errno.ENOENT: "文件或目录不存在",
    errno.ENOTDIR: "不是目录",
    errno.EISDIR: "是目录而不是文件",
    errno.EEXIST: "已存在",
    errno.EMFILE: "打开的文件过多",
    errno.ENFILE: "系统打开的文件过多",
    errno.ENOMEM: "内存不足",
    errno.EBUSY: "被占用",
    errno.ECONNREFUSED: "连接被拒绝",
    errno.ECONNRESET: "连接被对方重置",
    errno.ECONNABORTED: "连接已中断",
    errno.EPIPE: "对方已关闭连接",
    errno.ETIMEDOUT: "连接超时",
    errno.EHOSTUNREACH: "主机不可达",
    errno.EHOSTDOWN: "主机已关机",
    errno.ENETUNREACH: "网络不可达",
    errno.ENETDOWN: "网络已断开",
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
}
"""What the C library says in English only, because the agent sets no locale."""


def of_system(error: OSError) -> str:
    """What the system says, without the names of files; a phrase where it is known what that means."""
    said = error.strerror or str(error) or type(error).__name__
    known = _OF_SYSTEM.get(error.errno or 0)
    return Phrase(known, said) if known else said


def of_file(error: OSError) -> str:
    """The same, with the name of the file if there is one."""
    said = of_system(error)
    return Phrase(f"{error.filename}：{in_chinese(said)}", f"{error.filename}: {said}") if error.filename else said
