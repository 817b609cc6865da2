// An OPC UA server by node-opcua whose scalars are another value whenever somebody looks at them:
//
//   NODE_PATH=... node opcua_server.js PORT CERTIFICATE KEY URI COUNT
//
// So each sampling and each reading finds a change, and a value that is not one more than the last was lost on its way.
// Their types take turns. When it listens it says its port, and for each line on standard input how often it was looked;
// it ends with its standard input.
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

const [port, certificateFile, privateKeyFile, applicationUri, count] = process.argv.slice(2);
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
  let looks = 0;
  for (let place = 0; place < Number(count); place += 1) {
    const name = `x_${String(place).padStart(4, "0")}`;
    const dataType = TYPES[place % TYPES.length];
    let value = 0;
    namespace.addVariable({
      nodeId: `ns=${namespace.index};s=${name}`,
      browseName: name,
      organizedBy: space.rootFolder.objects,
      dataType,
      minimumSamplingInterval: 50,
      value: {
        get() {
          looks += 1;
          value += 1;
          return new Variant({ dataType: DataType[dataType], value });
        },
      },
    });
  }
  await server.start();
  say(Number(port));
  const lines = readline.createInterface({ input: process.stdin });
  lines.on("line", () => say(looks));
  lines.on("close", () => process.exit(0));
}

main();
