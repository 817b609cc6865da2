// JSON to what node-opcua takes: {"type": "UInt16", "value": 7}, arrays as lists.
"use strict";
const { coerceLocalizedText, coerceQualifiedName } = require("node-opcua-data-model");
const { coerceNodeId } = require("node-opcua-nodeid");
const { StatusCodes, coerceStatusCode } = require("node-opcua-status-code");
const { DataType, Variant, VariantArrayType, coerceInt64, coerceUInt64 } = require("node-opcua-variant");

// JSON has no NaN: it comes as a word.
const float = (value) => Number(value);
const COERCE = {
  Float: float,
  Double: float,
  Int64: coerceInt64,
  UInt64: coerceUInt64,
  DateTime: (ms) => new Date(ms),
  ByteString: (base64) => Buffer.from(base64, "base64"),
  NodeId: coerceNodeId,
  StatusCode: (code) => statusCode(code),
  QualifiedName: coerceQualifiedName,
  LocalizedText: coerceLocalizedText,
};

// By name or number; a number may carry info bits, as the overflow bit.
function statusCode(code) {
  return typeof code === "number" ? coerceStatusCode(code) : StatusCodes[code];
}

// `structure` makes an extension object of a type that the address space knows.
function variant(node, value, structure) {
  const one = node.structure ? (fields) => structure(node.structure, fields) : COERCE[node.type] || ((same) => same);
  const dataType = DataType[node.structure ? "ExtensionObject" : node.type];
  if (dataType === undefined) throw new Error(`no such type: ${node.type}`);
  return Array.isArray(value)
    ? new Variant({ dataType, arrayType: VariantArrayType.Array, value: value.map(one) })
    : new Variant({ dataType, value: one(value) });
}

module.exports = { statusCode, variant };
