// A stand-in for FMOD Studio's scripting objects: enough of the project model to run a manifest's script in, twice.
// Usage: node studio.js SCRIPT STATE, where STATE is JSON: {filePath, assets: [path, ...], cannotImport: [name, ...],
// again: SCRIPT or null}. Prints, as JSON, what the project then holds and what was said.
"use strict";
const fs = require("fs");
const vm = require("vm");

const state = JSON.parse(process.argv[3]);
const said = [];
const imported = [];
const menu = [];
let count = 0;

class ManagedObject {
    constructor(entity) {
        this.entity = entity;
        this.id = "{" + (count += 1) + "}";
    }
    isOfType(entity) {
        return this.entity === entity;
    }
}

class Folder extends ManagedObject {
    constructor(entity) {
        super(entity);
        this.items = [];
    }
}

function owned(object, property, list) {
    // Setting one side of a relationship sets the other.
    let target = null;
    Object.defineProperty(object, property, {
        get: () => target,
        set: (value) => {
            target = value;
            value[list].push(object);
        },
    });
}

class Sound extends ManagedObject {
    constructor(entity) {
        super(entity);
        this.audioFile = null;
        this.sounds = entity === "MultiSound" ? [] : undefined;
        owned(this, "owner", "sounds");
    }
}

class GroupTrack extends ManagedObject {
    constructor(name) {
        super("GroupTrack");
        this.name = name;
        this.modules = [];
    }
    addSound(parameter, kind, start, length) {
        if (parameter.entity !== "Timeline" || !["SingleSound", "MultiSound"].includes(kind) || !(length > 0)) {
            throw new Error("addSound: wrong arguments");
        }
        const sound = new Sound(kind);
        Object.assign(sound, { start, length });
        this.modules.push(sound);
        return sound;
    }
}

class MarkerTrack extends ManagedObject {
    constructor() {
        super("MarkerTrack");
        this.regions = [];
    }
    addRegion(position, length, name, loopMode) {
        this.regions.push({ position, length, name, loopMode });
    }
}

class Event extends ManagedObject {
    constructor() {
        super("Event");
        this.timeline = new ManagedObject("Timeline");
        this.groupTracks = [];
        this.markerTracks = [];
        this.banks = [];
        this.relationships = { banks: { add: (bank) => this.banks.push(bank) } };
        owned(this, "folder", "items");
    }
    addGroupTrack(name) {
        this.groupTracks.push(new GroupTrack(name));
        return this.groupTracks[this.groupTracks.length - 1];
    }
    addMarkerTrack() {
        this.markerTracks.push(new MarkerTrack());
        return this.markerTracks[this.markerTracks.length - 1];
    }
}

function asset(path) {
    const file = new ManagedObject("AudioFile");
    file.path = path;
    return file;
}

const assets = state.assets.map(asset);
const events = new Folder("MasterEventFolder");
const banks = new Folder("MasterBankFolder");

const project = {
    filePath: state.filePath,
    regionLoopMode: { None: 0, Looping: 1, Magnet: 2 },
    workspace: {
        masterEventFolder: events,
        masterBankFolder: banks,
        masterAssetFolder: { getAsset: (path) => assets.find((file) => file.path === path) },
    },
    importAudioFile(path) {
        imported.push(path);
        const name = path.split("/").pop();
        if (state.cannotImport.includes(name)) {
            return null;
        }
        assets.push(asset(name)); // always into the root folder
        return assets[assets.length - 1];
    },
    create(entity) {
        if (entity === "Event") {
            return new Event();
        }
        if (entity === "SingleSound") {
            return new Sound(entity);
        }
        if (entity === "EventFolder" || entity === "Bank") {
            const folder = new Folder(entity);
            owned(folder, "folder", "items");
            return folder;
        }
        throw new Error("no such entity: " + entity);
    },
    lookup(path) {
        let here = path.startsWith("bank:/") ? banks : events;
        for (const name of path.replace(/^\w+:\//, "").split("/")) {
            here = here && (here.items || []).find((item) => item.name === name);
        }
        return here || null;
    },
};

function run(file) {
    menu.length = 0;
    vm.runInNewContext(fs.readFileSync(file, "utf8"), {
        // What the manual lists, and no more: no console, and no alert.
        studio: {
            project,
            menu: { addMenuItem: (item) => menu.push(item) },
            system: {
                print: (line) => said.push(line),
                error: (line) => said.push("error: " + line),
                message: (line) => said.push("message: " + line),
            },
        },
    });
    menu.forEach((item) => item.execute());
}

function shown(item) {
    if (item.entity === "EventFolder") {
        return { folder: item.name, items: item.items.map(shown) };
    }
    return {
        event: item.name,
        banks: item.banks.map((bank) => bank.name),
        regions: item.markerTracks.flatMap((track) => track.regions),
        sounds: item.groupTracks.flatMap((track) =>
            track.modules.map((sound) => ({
                kind: sound.entity,
                start: sound.start,
                length: sound.length,
                files: (sound.sounds || [sound]).map((each) => each.audioFile.path),
            })),
        ),
    };
}

run(process.argv[2]);
if (state.again) {
    run(state.again);
}
console.log(
    JSON.stringify({ imported, said, menu: menu.map((item) => item.name), events: events.items.map(shown) }),
);
