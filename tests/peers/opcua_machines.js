// A machine that shows the states of a script and says what it shows: by the real nodesets of PackML (OPC 30050) or
// Machinery (OPC 40001-1), or by plain PackTags. Script: [{"state": "Execute", "ms": 50, "set": {name: value}}, ...].
// The nodesets are installed with node-opcua-nodesets (MIT) and are the OPC Foundation's, under its MIT License 1.00.
"use strict";
const { DataType, Variant } = require("node-opcua-variant");
const { StatusCodes } = require("node-opcua-status-code");

const PACKML = "http://opcfoundation.org/UA/PackML/";
const MACHINERY = "http://opcfoundation.org/UA/Machinery/";
const DI = "http://opcfoundation.org/UA/DI/";
const STATES = { // ISA-TR88.00.02
  Clearing: 1, Stopped: 2, Starting: 3, Idle: 4, Suspended: 5, Execute: 6, Stopping: 7, Aborting: 8, Aborted: 9,
  Holding: 10, Held: 11, Unholding: 12, Suspending: 13, Unsuspending: 14, Resetting: 15, Completing: 16, Complete: 17,
};

class Machine {
  constructor(space, say) {
    this.space = space;
    this.say = say;
  }

  set(values) {
    for (const [name, value] of Object.entries(values || {})) this.space.set({ name: this.prefix + name, value });
  }

  show(state) {
    const at = new Date();
    this.showAt(state, at);
    this.say({ event: "state", state, at: at.getTime() });
  }

  // Each state for its time; the last one stays.
  play(script) {
    const [step, ...rest] = script;
    if (!step) return this.say({ event: "played" });
    this.set(step.set);
    this.show(step.state);
    setTimeout(() => this.play(rest), step.ms);
  }
}

class PackMlMachine extends Machine {
  prefix = "packml:";

  // {name, namespace, optionals, values}: its nodes have numeric ids, so `set` knows them as `packml:Status.MachSpeed`.
  constructor(space, spec, say) {
    super(space, say);
    const addressSpace = space.space;
    const index = addressSpace.getNamespaceIndex(PACKML);
    const machine = addressSpace.findObjectType("PackMLBaseObjectType", index).instantiate({
      namespace: space.namespace(spec.namespace),
      browseName: spec.name,
      organizedBy: addressSpace.findNode(`ns=${index};i=72`), // PackMLObjects
      optionals: spec.optionals,
    });
    for (const part of ["Status", "Admin"]) {
      for (const node of machine.getComponentByName(part).getComponents()) {
        space.know(`${this.prefix}${part}.${node.browseName.name}`, node);
      }
    }
    this.base = machine.getComponentByName("BaseStateMachine");
    this.machine = this.base.getComponentByName("MachineState");
    this.execute = this.machine.getComponentByName("ExecuteState");
    this.set(spec.values);
    this.show(spec.state);
  }

  showAt(state, at) {
    const depth = [this.base, this.machine, this.execute].findIndex((one) => stateOf(one, state));
    if (depth < 0) throw new Error(`no such state: ${state}`);
    enter(this.base, depth === 0 ? state : "Cleared", at);
    enter(this.machine, depth === 0 ? null : depth === 1 ? state : "Running", at);
    enter(this.execute, depth === 2 ? state : null, at);
  }
}

const isState = (node) => Boolean(node.getPropertyByName("StateNumber"));

const stateOf = (machine, name) =>
  machine.typeDefinitionObj.getComponents().find((one) => one.browseName.name === name && isState(one));

function enter(machine, name, at) {
  const current = machine.getComponentByName("CurrentState");
  const status = name ? StatusCodes.Good : StatusCodes.BadStateNotActive;
  const text = new Variant(name ? { dataType: DataType.LocalizedText, value: { locale: "en", text: name } } : {});
  const id = new Variant(name ? { dataType: DataType.NodeId, value: stateOf(machine, name).nodeId } : {});
  current.setValueFromSource(text, status, at);
  current.getPropertyByName("Id").setValueFromSource(id, status, at);
}

class MachineryMachine extends Machine {
  prefix = "machinery:";

  // {name, namespace, states, values}: a state is one of MachineryItemState or of MachineryOperationMode.
  constructor(space, spec, say) {
    super(space, say);
    const addressSpace = space.space;
    const [index, di] = [MACHINERY, DI].map((uri) => addressSpace.getNamespaceIndex(uri));
    const own = space.namespace(spec.namespace);
    const make = (type, namespaceIndex, name, parent, optionals) =>
      addressSpace.findObjectType(type, index).instantiate({
        namespace: own,
        browseName: { namespaceIndex, name },
        addInOf: parent,
        optionals,
      });
    const machine = own.addObject({
      browseName: spec.name,
      organizedBy: addressSpace.findNode(`ns=${index};i=1001`), // Machines
      typeDefinition: "BaseObjectType",
    });
    const identification = make("MachineIdentificationType", di, "Identification", machine, ["Model"]);
    for (const node of identification.getProperties()) space.know(`${this.prefix}${node.browseName.name}`, node);
    const blocks = own.addObject({
      browseName: { namespaceIndex: index, name: "MachineryBuildingBlocks" },
      componentOf: machine,
      typeDefinition: "FolderType",
    });
    this.machines = [
      make("MachineryItemState_StateMachineType", index, "MachineryItemState", blocks),
      make("MachineryOperationModeStateMachineType", index, "MachineryOperationMode", blocks),
    ];
    this.set(spec.values);
    for (const state of spec.states) this.show(state);
  }

  showAt(state, at) {
    const machine = this.machines.find((one) => stateOf(one, state));
    if (!machine) throw new Error(`no such state: ${state}`);
    enter(machine, state, at);
  }
}

class PackTagsMachine extends Machine {
  // {prefix, tags: [{name, type, value}]}: string ids as `<prefix>Status.StateCurrent`, state numbers in an Int32.
  constructor(space, spec, say) {
    super(space, say);
    this.prefix = spec.prefix;
    space.add({ name: `${this.prefix}Status.StateCurrent`, type: "Int32", value: 0 });
    for (const tag of spec.tags) space.add({ ...tag, name: this.prefix + tag.name });
    this.show(spec.state);
  }

  showAt(state, at) {
    if (!STATES[state]) throw new Error(`no such state: ${state}`);
    this.space.set({ name: `${this.prefix}Status.StateCurrent`, value: STATES[state], sourceTime: at.getTime() });
  }
}

module.exports = { MachineryMachine, PackMlMachine, PackTagsMachine };
