"""Operator messages 11xx: what is wrong in a tag table. Readers are electricians with Excel or WPS open."""

from drivers.contract import Message


def _error(zh: str, en: str, hint_zh: str = "", hint_en: str = "") -> Message:
    return Message("error", zh, en, hint_zh, hint_en)


_FILES = {
    "E1101": _error(
        "点表不能是 {value} 文件",
        "a tag table cannot be a {value} file",
        "在 Excel 或 WPS 里另存为 .xlsx 或 CSV",
        "save it as .xlsx or CSV in Excel or WPS",
    ),
    "E1103": _error(
        "这个文件不能当作 .xlsx 读取：{reason}",
        "this cannot be read as .xlsx: {reason}",
        "用 Excel 或 WPS 打开，另存为“Excel 工作簿 (*.xlsx)”",
        'open it in Excel or WPS and save it as "Excel Workbook (*.xlsx)"',
    ),
    "E1104": _error(
        "这是旧的 .xls 格式，或者加了密码",
        "this is an old .xls, or it has a password",
        "去掉打开密码，另存为“Excel 工作簿 (*.xlsx)”",
        'remove the password and save it as "Excel Workbook (*.xlsx)"',
    ),
    "E1105": _error(
        "文件解压后太大",
        "unpacked, the file is too large",
        "新建一个工作簿，只把点表粘贴进去",
        "paste the table alone into a new workbook",
    ),
    "E1106": _error(
        "没有工作表 {value}", "there is no sheet {value}", "文件里有：{known}", "sheets of this file: {known}"
    ),
    "E1107": _error(
        "点表是空的", "the table is empty", "第一行写列名：{known}", "the first row names the columns: {known}"
    ),
    "E1108": _error(
        "这一行应该是列名，但一个也认不出来",
        "this row should name the columns, but none of them is known",
        "必须有：{known}；列名上方的文字要以 # 开头，或者只占一个单元格",
        "it needs {known}; text above it begins with # or stands in a single cell",
    ),
    "E1109": _error(
        "这其实是 Excel 工作簿，不是 CSV",
        "this is an Excel workbook, not CSV",
        "把扩展名改成 .xlsx，或另存为 CSV",
        "name it .xlsx, or save it as CSV",
    ),
    "E1110": _error(
        "从这一行起引号不成对",
        "from this row on the quotes do not pair",
        "补上结束的引号；文字里的引号要写两次",
        "close the quote; a quote inside a text is written twice",
    ),
    "E1116": _error("超过 {limit} 行", "more than {limit} rows"),
}

_COLUMNS = {
    "E1111": _error("没有列 {column}", "there is no column {column}", "是不是 {meant}？", "did you mean {meant}?"),
    "E1112": _error(
        "没有列 {column}",
        "there is no column {column}",
        "可用：{known}；写给人看的列请命名为“备注”",
        "there are: {known}; call a column for people only remark",
    ),
    "E1113": _error(
        "列 {column} 与第 {first} 列是同一项",
        "column {column} is the same as column number {first}",
        "删除其中一列",
        "delete one of them",
    ),
    "E1114": _error("缺少列 {column}", "there is no column {column}", "加上这一列", "add it"),
    "E1115": _error(
        "这个单元格上面没有列名",
        "no column name stands over this cell",
        "给这一列加上列名，或清空它",
        "name the column, or clear it",
    ),
}

_CELLS = {
    "E1117": _error("单元格超过 {limit} 个字符", "the cell has more than {limit} characters"),
    "E1118": _error("单元格里是错误值 {value}", "the cell shows the error {value}", "改正公式", "correct its formula"),
    "E1119": _error(
        "名称 {value} 已在 {first} 使用", "the name {value} is taken in {first}", "换一个名称", "choose another"
    ),
    "E1120": _error(
        "Excel 把这里变成了日期或时间：{value}",
        "Excel made a date or time of this: {value}",
        "先把单元格格式设为“文本”，再重新输入",
        'set the format of the cell to "Text", then type it again',
    ),
    "E1121": _error(
        "公式还没有计算结果",
        "the formula has no result yet",
        "用 Excel 或 WPS 打开并保存一次，或直接写数值",
        "open and save it in Excel or WPS, or write the value",
    ),
    "E1122": _error(
        "{cells} 是合并单元格，只有第一格有内容",
        "{cells} are merged; only the first holds the value",
        "取消合并，每格都填上；分组标题行以 # 开头",
        "unmerge them and fill in each; a row with a title begins with #",
    ),
    "E1123": _error(
        "{value} 里不能用逗号",
        "{value} cannot have a comma",
        "小数点写成 1.5，不加千位分隔符；多个值用分号隔开",
        "write 1.5, without separators of thousands; semicolons between several values",
    ),
    "E1124": _error("{value} 不是枚举", "{value} is no enum", "写成 0=停机;1=运行", "write 0=stopped;1=running"),
    "E1125": _error(
        "{value} 不是“名=值”", "{value} is not name=value", "例如 zone=dryer1;axis=x", "such as zone=dryer1;axis=x"
    ),
    "E1126": _error("{value} 不是范围", "{value} is not a range", "写成 -20..400", "write -20..400"),
    "E1127": _error("{value} 不是数的列表", "{value} is not a list of numbers", "例如 65535;-1", "such as 65535;-1"),
    "E1128": _error(
        "{key} 在这个单元格里重复了", "{key} stands twice in this cell", "删除其中一个", "delete one of them"
    ),
    "E1129": _error(
        "Excel 的数字只保留 15 位：{value}",
        "Excel keeps only 15 digits of a number: {value}",
        "先把单元格格式设为“文本”，再重新输入",
        'set the format of the cell to "Text", then type it again',
    ),
}

MESSAGES: dict[str, Message] = {**_FILES, **_COLUMNS, **_CELLS}
