"""Operator messages about endpoints and lines: what is wrong with a URL, why a port cannot be opened."""

from collections.abc import Mapping
from types import MappingProxyType

from drivers.contract import Message

_BACK = ("已恢复 {url}", "talking to {url} again")

MESSAGES: Mapping[str, Message] = MappingProxyType(
    {
        "M1001": Message(
            "error",
            '"{given}" 不是 Modbus 连接地址',
            '"{given}" is not a Modbus endpoint',
            "可以写：{examples}；IPv6 地址加方括号：tcp://[fe80::1]:502",
            "possible are: {examples}; an IPv6 address in brackets: tcp://[fe80::1]:502",
        ),
        "M1041": Message(
            "error",
            '"{given}" 中没有名为 {option} 的参数，或者写了两次',
            '"{given}": there is no option {option}, or it stands twice',
            "可用的参数：{known}",
            "its options: {known}",
        ),
        "M1042": Message(
            "error",
            '"{given}" 中 {option} 的值 "{value}" 无效',
            '"{given}": "{value}" is no value of {option}',
            "可用的值：{known}",
            "possible values: {known}",
        ),
        "M1043": Message(
            "error",
            "{given} 不用证书，tls 只能和 tls:// 一起使用",
            "{given} uses no certificates; tls goes with tls:// only",
            "删去 tls，或把地址改为 tls://主机:802",
            "leave out tls, or write tls://host:802",
        ),
        "M1044": Message(
            "error",
            "没有文件 {given}",
            "there is no file {given}",
            "检查文件名；相对路径从配置文件所在目录算起",
            "check the name; a relative path begins at the folder of the configuration file",
        ),
        "M1045": Message(
            "error",
            "cert_file 和 key_file 必须同时写",
            "cert_file and key_file belong together",
            "补上缺少的一个，或两个都删去",
            "write the one that is missing, or leave out both",
        ),
        "M1046": Message(
            "warning",
            "{path} 在重新插拔或重启后可能换名",
            "{path} may have another name after a restart or when it is plugged in again",
            "改用固定的名字：ls -l /dev/serial/by-id/",
            "use the name that stays: ls -l /dev/serial/by-id/",
        ),
        "M2005": Message(
            "notice",
            "该串口会收到自己发出的报文（RS-485 回声），已自动忽略",
            "this line sends our own requests back (RS-485 echo); they are recognised and passed over",
        ),
        "M2014": Message(
            "error",
            "还没有设备拨入，正在监听",
            "no device has dialled in; listening",
            "检查 DTU 的服务器地址和端口、SIM 卡和信号，以及本机防火墙",
            "check the modem's server address and port, its SIM card and signal, and this machine's firewall",
            "设备已拨入",
            "a device has dialled in",
        ),
        "M2015": Message(
            "error",
            "串口 {url} 不存在",
            "there is no serial port {url}",
            "检查 USB 转串口线是否插好；现有的串口：ls -l /dev/serial/by-id/",
            "check that the adapter is plugged in; the ports there are: ls -l /dev/serial/by-id/",
            *_BACK,
        ),
        "M2016": Message(
            "error",
            "没有权限打开串口 {url}",
            "no permission to open the serial port {url}",
            "把运行用户加入 dialout 组：usermod -aG dialout 用户名，然后重启服务",
            "add the user to the group dialout: usermod -aG dialout USER, then restart the service",
            *_BACK,
        ),
        "M2017": Message(
            "error",
            "串口 {url} 被其他程序占用",
            "another program is using the serial port {url}",
            "关闭占用它的程序：fuser -v 串口名",
            "end the program that uses it: fuser -v PORT",
            *_BACK,
        ),
        "M2018": Message(
            "error",
            "不接受 {url} 的证书：{reason}",
            "the certificate of {url} is not accepted: {reason}",
            "检查 tls.ca_file、证书有效期、主机名和网关时钟",
            "check tls.ca_file, the certificate's dates and name, and this gateway's clock",
            *_BACK,
        ),
        "M2019": Message(
            "error",
            "与 {url} 的 TLS 连接失败：{reason}",
            "TLS with {url} failed: {reason}",
            "检查设备是否在该端口启用 Modbus/TCP Security，是否要求客户端证书",
            "check that the device speaks Modbus/TCP Security on this port, and whether it wants a client certificate",
            *_BACK,
        ),
        "M2020": Message(
            "error",
            "无法监听 {url}：端口已被占用",
            "cannot listen at {url}: the port is in use",
            "换一个端口，或结束占用它的程序：ss -ltnp",
            "choose another port, or end the program that uses it: ss -ltnp",
            *_BACK,
        ),
        "M2021": Message(
            "error",
            "本机没有 {url} 中的地址",
            "this machine does not have the address in {url}",
            "监听所有网口请写 listen://0.0.0.0:端口；查看本机地址：ip address",
            "to listen everywhere write listen://0.0.0.0:PORT; this machine's addresses: ip address",
            *_BACK,
        ),
        "M2022": Message(
            "error",
            "{url} 的证书文件不能使用：{reason}",
            "certificate files of {url}: {reason}",
            "检查 tls 下的文件是否为 PEM 格式、证书与密钥是否配对、密钥是否无口令",
            "check that the files under tls are PEM, that certificate and key belong together, and that the key has no "
            "passphrase",
            *_BACK,
        ),
        "M2023": Message(
            "error",
            "串口 {url} 不支持该设置：{reason}",
            "the serial port {url} does not have these settings: {reason}",
            "检查波特率、校验位和停止位",
            "check speed, parity and stop bits",
            *_BACK,
        ),
    }
)
