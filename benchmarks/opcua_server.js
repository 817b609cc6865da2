// An OPC UA server by node-opcua whose scalars all change at once, again and again:
//
//   NODE_PATH=... node opcua_server.js PORT CERTIFICATE KEY URI COUNT EVERY-MS
//
// Their values are the number of the tick, in types that take turns. When it listens it says its port, and for each line
// on standard input the tick; it ends with its standard input.
"use strict";
for (const level of ["log", "info", "warn", "error"]) console[level] = () => {}; // node-opcua talks a lot

const readline = require("readline");
const { MessageSecurityMode } = require("node-opcua-secure-channel");
const { OPCUAServer } = require("node-opcua-server");
const { nodesets } = require("node-opcua-nodesets");
const { DataType, Variant } = require("node-opcua-variant");

// As opcua_server.py knows them.
const NAMESPACE = "urn:lineside:benchmarks";
const TYPES = ["Double", "Int32", "Float", "UInt32"];

const [port, certificateFile, privateKeyFile, applicationUri, count, everyMs] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function main() {
  const server = new OPCUAServer({
    port: Number(port),
    host: "127.0.0.1",
    hostname: "127.0.0.1",
    serverInfo: { applicationUri, productUri: applicationUri, applicationName: { text: "benchmark", locale: "en" } },
    certificateFile,
    privateKeyFile,
    securityPolicies: ["None"],
    securityModes: [MessageSecurityMode.None],
    nodeset_filename: [nodesets.standard],
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const namespace = space.registerNamespace(NAMESPACE);
  const nodes = Array.from({ length: Number(count) }, (_, place) => {
    const name = `x_${String(place).padStart(4, "0")}`;
    const dataType = TYPES[place % TYPES.length];
    return namespace.addVariable({
      nodeId: `ns=${namespace.index};s=${name}`,
      browseName: name,
      organizedBy: space.rootFolder.objects,
      dataType,
      minimumSamplingInterval: 0,
      value: { dataType: DataType[dataType], value: 0 },
    });
  });
  let tick = 0;
  setInterval(() => {
    tick += 1;
    const values = TYPES.map((type) => new Variant({ dataType: DataType[type], value: tick }));
    nodes.forEach((node, place) => node.setValueFromSource(values[place % values.length]));
  }, Number(everyMs));
  await server.start();
  say(Number(port));
  const lines = readline.createInterface({ input: process.stdin });
  lines.on("line", () => say(tick));
  lines.on("close", () => process.exit(0));
}

main();
