"""The script that the Unreal Editor runs, but for the manifest in it."""

# It keeps to what Python 3.7 knows, which Unreal 4.26 has. The cue's nodes are set as properties: the API has no call
# that places a node in the graph that the cue editor shows.
SCRIPT = r'''# Written by soundgraph. Run it in the Unreal Editor: Tools > Execute Python Script, or "py" and its
# path in the console. It needs the plugins "Python Editor Script Plugin" and "Editor Scripting Utilities".
import json
import os

import unreal

MANIFEST = json.loads(r"""@MANIFEST@""")


def import_wave(wave, here):
    file_name = os.path.normpath(os.path.join(here, wave["file"]))
    if not os.path.isfile(file_name):
        raise RuntimeError("there is no " + file_name)
    task = unreal.AssetImportTask()
    task.set_editor_property("filename", file_name)
    task.set_editor_property("destination_path", wave["folder"])
    task.set_editor_property("destination_name", wave["asset"])
    task.set_editor_property("automated", True)
    task.set_editor_property("replace_existing", True)
    task.set_editor_property("save", False)
    unreal.AssetToolsHelpers.get_asset_tools().import_asset_tasks([task])
    place = wave["folder"] + "/" + wave["asset"]
    asset = unreal.EditorAssetLibrary.load_asset(place)
    if not isinstance(asset, unreal.SoundWave):
        raise RuntimeError("could not import " + file_name)
    asset.set_editor_property("looping", wave["looping"])
    unreal.EditorAssetLibrary.save_loaded_asset(asset, False)
    if wave["part"]:
        unreal.log_warning(
            "soundgraph: %s loops from %.6f s for %.6f s. A sound wave can only loop as a whole, so it was not set to; "
            "give these as Loop Start and Loop Duration to a Wave Player in a MetaSound."
            % (place, wave["part"]["start_s"], wave["part"]["duration_s"])
        )
    return asset


def make_cue(cue, waves):
    place = cue["folder"] + "/" + cue["asset"]
    if unreal.EditorAssetLibrary.does_asset_exist(place):
        asset = unreal.EditorAssetLibrary.load_asset(place)
    else:
        tools = unreal.AssetToolsHelpers.get_asset_tools()
        factory = unreal.SoundCueFactoryNew()
        asset = tools.create_asset(cue["asset"], cue["folder"], unreal.SoundCue, factory)
    if not isinstance(asset, unreal.SoundCue):
        raise RuntimeError("could not make the sound cue " + place)
    first = asset.get_editor_property("first_node")
    if isinstance(first, unreal.SoundNodeRandom):
        chooser = first
    elif first is None:
        chooser = unreal.new_object(unreal.SoundNodeRandom, asset)
    else:
        raise RuntimeError(place + " does not begin with a Random node any more; it was left as it is")
    players = list(chooser.get_editor_property("child_nodes"))
    weights = list(chooser.get_editor_property("weights"))
    known = [player.get_editor_property("sound_wave_asset_ptr") for player in players if player is not None]
    for wave in waves:
        if wave not in known:
            player = unreal.new_object(unreal.SoundNodeWavePlayer, asset)
            player.set_editor_property("sound_wave_asset_ptr", wave)
            player.set_editor_property("looping", wave.get_editor_property("looping"))
            players.append(player)
    # As many weights as nodes: the editor expects it.
    weights = (weights + [1.0] * len(players))[: len(players)]
    if first is None:
        chooser.set_editor_property("randomize_without_replacement", True)
    chooser.set_editor_property("child_nodes", players)
    chooser.set_editor_property("weights", weights)
    asset.set_editor_property("first_node", chooser)
    unreal.EditorAssetLibrary.save_loaded_asset(asset, False)


def main(here):
    failed = []
    for sound in MANIFEST["sounds"]:
        try:
            waves = [import_wave(wave, here) for wave in sound["waves"]]
            if sound["cue"]:
                make_cue(sound["cue"], waves)
        except RuntimeError as error:
            failed.append(sound["name"])
            unreal.log_error("soundgraph: " + sound["name"] + ": " + str(error))
    every = len(MANIFEST["sounds"])
    unreal.log("soundgraph: %d of %d sounds are up to date" % (every - len(failed), every))
    return failed


main(os.path.dirname(os.path.abspath(__file__)))
'''
