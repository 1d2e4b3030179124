"""The script that FMOD Studio runs, but for the manifest in it."""

# The dialect is ECMAScript 5, which FMOD Studio's console has in every version.
SCRIPT = r"""// Written by soundgraph. Put it into the Scripts folder of an FMOD Studio project, choose
// Scripts > Reload, then Scripts > soundgraph. It adds what is missing; of an event that is
// there, it changes nothing but to add new takes.
(function () {
    "use strict";

    var manifest = @MANIFEST@;

    var project = studio.project;

    function projectFolder() {
        return project.filePath.replace(/\\/g, "/").replace(/\/[^\/]*$/, "");
    }

    function assetOf(file) {
        var assets = project.workspace.masterAssetFolder;
        if (manifest.inAssets !== null) {
            var place = manifest.inAssets ? manifest.inAssets + "/" + file : file;
            var there = assets.getAsset(place);
            if (!there) {
                throw new Error("no such asset: " + place);
            }
            return there;
        }
        var known = assets.getAsset(file.replace(/^.*\//, ""));
        if (known) {
            return known;
        }
        var path = projectFolder() + "/" + manifest.buildFolder + "/" + file;
        var asset = project.importAudioFile(path);
        if (!asset) {
            throw new Error("cannot import " + path);
        }
        return asset;
    }

    function eventFolder() {
        var folder = project.workspace.masterEventFolder;
        var path = "event:";
        manifest.folder.split("/").forEach(function (name) {
            if (!name) {
                return;
            }
            path += "/" + name;
            var next = project.lookup(path);
            if (!next) {
                next = project.create("EventFolder");
                next.name = name;
                next.folder = folder;
            }
            folder = next;
        });
        return folder;
    }

    function bankOf() {
        if (!manifest.bank) {
            return null;
        }
        var bank = project.lookup("bank:/" + manifest.bank);
        if (!bank) {
            bank = project.create("Bank");
            bank.name = manifest.bank;
            bank.folder = project.workspace.masterBankFolder;
        }
        return bank;
    }

    function addTakes(multi, files) {
        var known = {};
        multi.sounds.forEach(function (sound) {
            if (sound.audioFile) {
                known[sound.audioFile.id] = true;
            }
        });
        var added = 0;
        files.forEach(function (file) {
            var asset = assetOf(file);
            if (!known[asset.id]) {
                var single = project.create("SingleSound");
                single.audioFile = asset;
                single.owner = multi;
                added += 1;
            }
        });
        return added;
    }

    function multiOf(event) {
        var found = null;
        event.groupTracks.forEach(function (track) {
            track.modules.forEach(function (module) {
                if (!found && module.isOfType("MultiSound")) {
                    found = module;
                }
            });
        });
        return found;
    }

    function addEvent(entry, folder, bank) {
        var assets = entry.files.map(assetOf);
        var event = project.create("Event");
        event.name = entry.name;
        event.folder = folder;
        var track = event.addGroupTrack(entry.name);
        var kind = entry.multi ? "MultiSound" : "SingleSound";
        var sound = track.addSound(event.timeline, kind, 0, entry.length);
        if (entry.multi) {
            addTakes(sound, entry.files);
        } else {
            sound.audioFile = assets[0];
        }
        if (entry.loop) {
            event.addMarkerTrack().addRegion(entry.loop[0], entry.loop[1], "loop", project.regionLoopMode.Looping);
        }
        if (bank) {
            event.relationships.banks.add(bank);
        }
    }

    function update(entry, folder, bank) {
        var path = "event:/" + (manifest.folder ? manifest.folder + "/" : "") + entry.name;
        var event = project.lookup(path);
        if (!event) {
            addEvent(entry, folder, bank);
            return path + ": made" + (entry.loopsDiffer ? ", without a loop region: its takes loop differently" : "");
        }
        var multi = entry.multi ? multiOf(event) : null;
        var added = multi ? addTakes(multi, entry.files) : 0;
        return path + ": " + (added ? added + " takes added" : "nothing to add");
    }

    function run() {
        var folder = eventFolder();
        var bank = bankOf();
        var failed = 0;
        manifest.events.forEach(function (entry) {
            try {
                studio.system.print(update(entry, folder, bank));
            } catch (error) {
                failed += 1;
                studio.system.error(entry.name + ": " + error.message);
            }
        });
        var done = manifest.events.length - failed;
        studio.system.message("soundgraph: " + done + " events done, " + failed + " failed; the console says more");
    }

    studio.menu.addMenuItem({ name: "soundgraph\\Import " + manifest.title, execute: run });
}());
"""
