// The nodes of a peer: by names `nsu=<uri>;s=<identifier>`, whose dots are folders; a generator that counts.
"use strict";
const { DataType } = require("node-opcua-variant");
const { statusCode, variant } = require("./opcua_values");

class Space {
  constructor(addressSpace, spec) {
    this.space = addressSpace;
    this.minimumMs = spec.minimumSamplingMs || 0; // 0: each change is seen, by exception
    this.ticks = 0;
    this.nodes = new Map(); // name -> { node, spec }
    for (const uri of spec.namespaces) this.namespace(uri);
    for (const node of spec.nodes) this.add(node);
    if (spec.generator) this.generate(spec.generator);
  }

  namespace(uri) {
    return this.space.getNamespaceIndex(uri) >= 0 ? this.space.getNamespace(uri) : this.space.registerNamespace(uri);
  }

  parted(name) {
    const [, uri, identifier] = /^nsu=([^;]*);s=(.*)$/.exec(name);
    return [this.namespace(uri), identifier];
  }

  folder(namespace, path) {
    if (!path.length) return this.space.rootFolder.objects;
    const nodeId = `ns=${namespace.index};s=${path.join(".")}`;
    const parent = this.folder(namespace, path.slice(0, -1));
    return this.space.findNode(nodeId) || namespace.addFolder(parent, { nodeId, browseName: path.at(-1) });
  }

  // {name, type, value} with a built-in type; {name, structure, value}; with a dataType for an enumeration.
  add(spec) {
    const [namespace, identifier] = this.parted(spec.name);
    const path = identifier.split(".");
    const value = this.variant(spec, spec.value);
    const node = namespace.addVariable({
      nodeId: `ns=${namespace.index};s=${identifier}`,
      browseName: path.at(-1),
      organizedBy: this.folder(namespace, path.slice(0, -1)),
      dataType: this.dataType(spec),
      valueRank: Array.isArray(spec.value) ? 1 : -1,
      minimumSamplingInterval: this.minimumMs,
    });
    node.setValueFromSource(value);
    this.nodes.set(spec.name, { node, spec });
  }

  // A node that a type has made: what it is, is read off it.
  know(name, node) {
    const type = this.space.findDataType(node.dataType);
    const isStructure = type.isStructure();
    const structure = isStructure && `nsu=${this.space.getNamespaceUri(type.nodeId.namespace)};${type.browseName.name}`;
    this.nodes.set(name, { node, spec: isStructure ? { structure } : { type: DataType[type.basicDataType] } });
  }

  dataType(spec) {
    const name = spec.structure || spec.dataType;
    return name ? this.type(name).nodeId : spec.type;
  }

  // `nsu=<uri>;<browse name>`, or a name of namespace 0.
  type(name) {
    const [, uri, browseName] = /^(?:nsu=([^;]*);)?(.*)$/.exec(name);
    const type = this.space.findDataType(browseName, uri === undefined ? 0 : this.space.getNamespaceIndex(uri));
    if (!type) throw new Error(`no such data type: ${name}`);
    return type;
  }

  variant(spec, value) {
    return variant(spec, value, (name, fields) => this.structure(this.type(name), fields));
  }

  // node-opcua spells the fields of a structure in its own way: `ID` is `id`.
  structure(type, fields) {
    const known = Object.keys(this.space.constructExtensionObject(type, {}));
    const spelt = (name) => known.find((its) => its.toLowerCase() === name.toLowerCase()) || name;
    const own = Object.fromEntries(Object.entries(fields).map(([name, value]) => [spelt(name), value]));
    return this.space.constructExtensionObject(type, own);
  }

  set({ name, value, status, sourceTime }) {
    const { node, spec } = this.nodes.get(name);
    if (value !== undefined) spec.value = value;
    const when = sourceTime === undefined ? new Date() : new Date(sourceTime);
    node.setValueFromSource(this.variant(spec, spec.value), statusCode(status ?? "Good"), when);
  }

  remove(name) {
    this.space.deleteNode(this.nodes.get(name).node);
    this.nodes.delete(name);
  }

  // `count` nodes that all have the number of the tick: whoever sees a step of 2 has missed one.
  generate({ prefix, count, type, everyMs }) {
    const names = Array.from({ length: count }, (_, n) => `${prefix}${n}`);
    for (const name of names) this.add({ name, type, value: 0 });
    const nodes = names.map((name) => this.nodes.get(name));
    setInterval(() => {
      this.ticks += 1;
      const value = this.variant({ type }, this.ticks);
      for (const { node } of nodes) node.setValueFromSource(value);
    }, everyMs);
  }
}

module.exports = { Space };
