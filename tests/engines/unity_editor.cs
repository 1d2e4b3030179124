// A stand-in for the parts of UnityEngine and UnityEditor that the import script calls, and a program that plays the
// editor: Main MANIFEST-CLASS ASSET... imports each asset, then runs the menu item, and prints what was set.
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace UnityEngine
{
    public enum AudioClipLoadType { DecompressOnLoad, CompressedInMemory, Streaming }
    public enum AudioCompressionFormat { PCM, Vorbis, ADPCM, MP3, VAG, HEVAG, XMA, AAC, GCADPCM, ATRAC9 }

    public static class Debug
    {
        public static void Log(object message) { Console.WriteLine("log " + message); }
        public static void LogWarning(object message) { Console.WriteLine("warning " + message); }
    }

    // Fills public fields of serializable classes, and passes over what they do not name, as Unity's does.
    public static class JsonUtility
    {
        static List<string> tokens;
        static int next;

        public static T FromJson<T>(string json)
        {
            tokens = new List<string>();
            foreach (Match match in Regex.Matches(json, @"""(?:[^""\\]|\\.)*""|[{}\[\]:,]|[^\s{}\[\]:,""]+"))
            {
                tokens.Add(match.Value);
            }
            next = 0;
            return (T)Read(typeof(T));
        }

        static object Read(Type type)
        {
            string token = tokens[next++];
            if (token == "{")
            {
                object made = type == null ? null : Activator.CreateInstance(type);
                if (type != null && !type.IsSerializable) throw new Exception(type + " is not serializable");
                while (tokens[next] != "}")
                {
                    string name = Text(tokens[next++]);
                    next++;
                    FieldInfo field = type == null ? null : type.GetField(name);
                    object value = Read(field == null ? null : field.FieldType);
                    if (field != null) field.SetValue(made, value);
                    if (tokens[next] == ",") next++;
                }
                next++;
                return made;
            }
            if (token == "[")
            {
                Type item = type == null ? null : type.GetElementType();
                var list = new List<object>();
                while (tokens[next] != "]")
                {
                    list.Add(Read(item));
                    if (tokens[next] == ",") next++;
                }
                next++;
                if (item == null) return null;
                Array array = Array.CreateInstance(item, list.Count);
                for (int i = 0; i < list.Count; i++) array.SetValue(list[i], i);
                return array;
            }
            if (type == null) return null;
            if (type == typeof(string)) return Text(token);
            return Convert.ChangeType(token, type, System.Globalization.CultureInfo.InvariantCulture);
        }

        static string Text(string token)
        {
            return Regex.Unescape(token.Substring(1, token.Length - 2));
        }
    }
}

namespace UnityEditor
{
    using UnityEngine;

    public enum AudioSampleRateSetting { PreserveSampleRate, OptimizeSampleRate, OverrideSampleRate }
    public enum ImportAssetOptions { Default, ForceUpdate }

    public struct AudioImporterSampleSettings
    {
        public AudioClipLoadType loadType;
        public AudioCompressionFormat compressionFormat;
        public float quality;
        public AudioSampleRateSetting sampleRateSetting;
        public uint sampleRateOverride;
    }

    public class AssetImporter { public string assetPath; }

    public class AudioImporter : AssetImporter
    {
        public bool forceToMono { get; set; }
        public AudioImporterSampleSettings defaultSampleSettings { get; set; }
    }

    public class AssetPostprocessor
    {
        public string assetPath;
        public AssetImporter assetImporter;
    }

    [AttributeUsage(AttributeTargets.Method)]
    public class MenuItem : Attribute
    {
        public readonly string name;
        public MenuItem(string itemName) { name = itemName; }
    }

    public static class AssetDatabase
    {
        public static void ImportAsset(string path, ImportAssetOptions options)
        {
            Player.Import(path);
        }
    }

    public static class Player
    {
        const BindingFlags Any =
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

        static Type script;

        public static void Import(string path)
        {
            var importer = new AudioImporter { forceToMono = true };
            var processor = (AssetPostprocessor)Activator.CreateInstance(script);
            processor.assetPath = path;
            processor.assetImporter = importer;
            script.GetMethod("OnPreprocessAudio", Any).Invoke(processor, null);
            AudioImporterSampleSettings set = importer.defaultSampleSettings;
            Console.WriteLine("import " + path + " " + set.loadType + " " + set.compressionFormat + " "
                + set.quality.ToString(System.Globalization.CultureInfo.InvariantCulture) + " " + importer.forceToMono);
        }

        public static void Main(string[] arguments)
        {
            Console.OutputEncoding = new UTF8Encoding(false);
            script = Assembly.GetExecutingAssembly().GetType(arguments[0], true);
            for (int i = 1; i < arguments.Length; i++) Import(arguments[i]);
            foreach (MethodInfo method in script.GetMethods(Any))
            {
                foreach (MenuItem item in method.GetCustomAttributes(typeof(MenuItem), false))
                {
                    Console.WriteLine("menu " + item.name);
                    method.Invoke(null, null);
                }
            }
        }
    }
}
