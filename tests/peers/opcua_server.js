// An OPC UA server by node-opcua. Standard input: what it is, as one line of JSON, then commands {"id", "do", ...};
// standard output: {"event": "listening", "port"}, then answers {"id", "result"} or {"id", "error"}, and events.
"use strict";
console.log = console.info = console.error; // node-opcua's warnings; standard output is for answers

const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { MessageSecurityMode } = require("node-opcua-secure-channel");
const { OPCUAServer } = require("node-opcua-server");
const { StatusCodes } = require("node-opcua-status-code");
const { ServerState, ServiceFault } = require("node-opcua-types");
const { nodesets } = require("node-opcua-nodesets");
const { Space } = require("./opcua_space");
const { MachineryMachine, PackMlMachine, PackTagsMachine } = require("./opcua_machines");
const { statusCode } = require("./opcua_values");

const MACHINES = { packml: PackMlMachine, packtags: PackTagsMachine, machinery: MachineryMachine };

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// Which certificates of clients are trusted: files, or all where there is no list.
class TrustList {
  constructor(files) {
    this.referenceCounter = 0;
    this.known = files && files.map((file) => fs.readFileSync(file).toString("hex"));
  }
  async initialize() {}
  async dispose() {}
  isTrusted(certificate) {
    const leaf = Array.isArray(certificate) ? certificate[0] : certificate;
    return !this.known || this.known.includes(leaf.toString("hex"));
  }
  // Applications are asked for with a promise, users with a callback.
  async checkCertificate(certificate, callback) {
    const status = this.isTrusted(certificate) ? StatusCodes.Good : StatusCodes.BadCertificateUntrusted;
    if (callback) callback(null, status);
    return status;
  }
  async verifyCertificate(certificate) {
    return this.isTrusted(certificate) ? "Good" : "BadCertificateUntrusted";
  }
}

// Notes every request before it is answered, and refuses what it is told to refuse.
class ToldServer extends OPCUAServer {
  services = {};
  refusals = {};
  created = [];

  constructor(options) {
    super(options);
    this.on("create_session", () => this.created.push(Date.now()));
    this.on("newChannel", () => this.note("OpenSecureChannel"));
    this.on("closeChannel", () => this.note("CloseSecureChannel")); // asked for or not
  }

  note(service) {
    const isNew = !this.services[service];
    this.services[service] = (this.services[service] || 0) + 1;
    const record = process.env.LINESIDE_SERVICE_RECORD;
    if (isNew && record) fs.appendFileSync(record, `${service}\n`);
  }

  on_request(message, channel) {
    const service = message.request.schema.name.replace("Request", "");
    this.note(service);
    if (!this.refusals[service]) return super.on_request(message, channel);
    this.prepare(message, channel);
    const fault = new ServiceFault({ responseHeader: { serviceResult: this.refusals[service] } });
    return channel.send_response("MSG", fault, message, () => {});
  }
}

function nodesetsOf(spec) {
  if (spec.packml) return [nodesets.packML];
  return spec.machinery ? [nodesets.di, nodesets.ia, nodesets.machinery] : [];
}

function options(spec) {
  const trust = new TrustList(spec.trusted);
  const limits = spec.limits || {};
  return {
    port: spec.port,
    host: "127.0.0.1",
    hostname: "127.0.0.1",
    serverInfo: { applicationUri: spec.uri, productUri: spec.uri, applicationName: { text: "peer", locale: "en" } },
    certificateFile: spec.certificate,
    privateKeyFile: spec.key,
    serverCertificateManager: trust,
    userCertificateManager: trust,
    securityPolicies: spec.policies,
    securityModes: spec.modes.map((mode) => MessageSecurityMode[mode]),
    allowAnonymous: !spec.users,
    userManager: { isValidUser: (name, password) => Boolean(spec.users) && spec.users[name] === password },
    allowAnonymousSubscriptionTransferOnUnsecuredChannel: true,
    maxConnectionsPerEndpoint: limits.connections || 100,
    serverCapabilities: {
      maxSessions: limits.sessions || 100,
      maxMonitoredItems: limits.items || 1000000,
      maxMonitoredItemsPerSubscription: limits.items || 1000000,
      operationLimits: limits.operations || {},
    },
    nodeset_filename: [nodesets.standard, ...nodesetsOf(spec), path.join(__dirname, "opcua_types.xml")],
  };
}

const sessionsOf = (server) => server.engine.getSessions();
const subscriptionsOf = (session) => [...session.publishEngine.subscriptions];

function statistics(server, space) {
  const subscriptions = sessionsOf(server).flatMap(subscriptionsOf);
  return {
    sessions: sessionsOf(server).length,
    created: server.created,
    subscriptions: subscriptions.map((one) => one.id),
    items: subscriptions.reduce((sum, one) => sum + one.monitoredItemCount, 0),
    services: server.services,
    ticks: space.ticks,
  };
}

function commands(server, space, machine) {
  return {
    set: (asked) => space.set(asked),
    add: (asked) => space.add(asked.node),
    remove: (asked) => space.remove(asked.name),
    refuse: (asked) => void (server.refusals[asked.service] = statusCode(asked.status)),
    accept: (asked) => void delete server.refusals[asked.service],
    statistics: () => statistics(server, space),
    endSessions: () => {
      for (const one of sessionsOf(server)) server.engine.closeSession(one.authenticationToken, true, "Forcing");
    },
    endSubscriptions: () => {
      for (const one of sessionsOf(server)) for (const its of subscriptionsOf(one)) one.deleteSubscription(its.id);
    },
    announceShutdown: (asked) => {
      server.engine.setShutdownTime(new Date(Date.now() + asked.seconds * 1000));
      server.engine.setServerState(ServerState.Shutdown);
    },
    play: (asked) => machine.play(asked.script),
    state: (asked) => machine.show(asked.state),
  };
}

async function main(spec, lines) {
  const server = new ToldServer(options(spec));
  await server.initialize();
  const space = new Space(server.engine.addressSpace, spec);
  const kind = Object.keys(MACHINES).find((one) => spec[one]);
  const machine = kind && new MACHINES[kind](space, spec[kind], say);
  await server.start();
  const known = commands(server, space, machine);
  say({ event: "listening", port: spec.port });
  for await (const line of lines) {
    const asked = JSON.parse(line);
    try {
      say({ id: asked.id, result: known[asked.do](asked) ?? null });
    } catch (error) {
      say({ id: asked.id, error: String(error.message) });
    }
  }
  process.exit(0); // whoever started it is gone
}

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
lines.next().then((first) => {
  if (first.done) process.exit(0);
  return main(JSON.parse(first.value), { [Symbol.asyncIterator]: () => lines });
});
