// A Modbus server by modbus-serial: TCP, or RTU on the serial port that is its argument. Standard input: the tables as
// one line of JSON; standard output: the port.
"use strict";
const fs = require("fs");
const readline = require("readline");
const { ServerSerial, ServerTCP } = require("modbus-serial");

const record = (code) => {
  if (process.env.LINESIDE_WIRE_RECORD) fs.appendFileSync(process.env.LINESIDE_WIRE_RECORD, `${code}\n`);
};

readline.createInterface({ input: process.stdin }).once("line", (line) => {
  const tables = JSON.parse(line);
  const vector = {
    getCoil: (address) => (record(1), tables.coil[address] === 1),
    getDiscreteInput: (address) => (record(2), tables.discrete[address] === 1),
    getHoldingRegister: (address) => (record(3), tables.holding[address]),
    getInputRegister: (address) => (record(4), tables.input[address]),
    setCoil: () => record(5),
    setRegister: () => record(6),
  };
  const port = process.argv[2];
  if (port) {
    const slave = new ServerSerial(vector, { path: port, baudRate: 115200, unitID: 1 });
    slave.on("initialized", () => console.log(port));
    return;
  }
  const server = new ServerTCP(vector, { host: "127.0.0.1", port: 0, unitID: 1 });
  server.on("initialized", () => {
    const listening = server._server;
    console.log(listening.address().port);
  });
});
