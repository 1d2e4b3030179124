"""The editor script that Unity compiles, but for the names in it."""

# It keeps to C# 6 and to what the editor has had since Unity 2018.
SCRIPT = r"""// Written by soundgraph; it goes with the manifest named below.
// Whenever Unity imports a file of that manifest, this sets how. The menu item imports all of them again: use it after
// the manifest has changed, since Unity does not look at a sound again when only its settings have.
using System;
using System.Collections.Generic;
using System.IO;
using UnityEditor;
using UnityEngine;

public class @CLASS@ : AssetPostprocessor
{
    const string ManifestPath = @MANIFEST@;

    [Serializable]
    public class Clip
    {
        public string asset;
        public string loadType;
        public string compressionFormat;
        public float quality;
    }

    [Serializable]
    public class Sound
    {
        public string name;
        public Clip[] clips;
    }

    [Serializable]
    public class Manifest
    {
        public int soundgraph_unity;
        public Sound[] sounds;
    }

    static Manifest manifest;
    static DateTime readAt;

    static IEnumerable<Clip> Clips()
    {
        if (!File.Exists(ManifestPath))
        {
            yield break;
        }
        DateTime written = File.GetLastWriteTimeUtc(ManifestPath);
        if (manifest == null || written != readAt)
        {
            manifest = JsonUtility.FromJson<Manifest>(File.ReadAllText(ManifestPath));
            readAt = written;
        }
        foreach (Sound sound in manifest.sounds)
        {
            foreach (Clip clip in sound.clips)
            {
                yield return clip;
            }
        }
    }

    void OnPreprocessAudio()
    {
        foreach (Clip clip in Clips())
        {
            if (clip.asset == assetPath)
            {
                Apply(clip, (AudioImporter)assetImporter);
            }
        }
    }

    static void Apply(Clip clip, AudioImporter importer)
    {
        importer.forceToMono = false;
        AudioImporterSampleSettings settings = importer.defaultSampleSettings;
        settings.loadType = (AudioClipLoadType)Enum.Parse(typeof(AudioClipLoadType), clip.loadType);
        settings.compressionFormat =
            (AudioCompressionFormat)Enum.Parse(typeof(AudioCompressionFormat), clip.compressionFormat);
        settings.quality = clip.quality;
        settings.sampleRateSetting = AudioSampleRateSetting.PreserveSampleRate;
        importer.defaultSampleSettings = settings;
    }

    [MenuItem(@MENU@)]
    static void ImportAll()
    {
        int count = 0;
        foreach (Clip clip in new List<Clip>(Clips()))
        {
            if (File.Exists(clip.asset))
            {
                AssetDatabase.ImportAsset(clip.asset, ImportAssetOptions.ForceUpdate);
                count++;
            }
            else
            {
                Debug.LogWarning("soundgraph: there is no " + clip.asset);
            }
        }
        Debug.Log("soundgraph: imported " + count + " files of " + ManifestPath);
    }
}
"""
