// What the example for C# takes from .NET and Debian's Mono does not have: Main may be async, and System.Text.Json.

using System.Linq;

internal static class Program
{
    private static int Main(string[] args) => SendEvent.Main(args).GetAwaiter().GetResult();
}

namespace System.Text.Json
{
    internal static class JsonSerializer
    {
        public static string Serialize(object value)
        {
            if (value is string text)
            {
                return '"' + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + '"';
            }
            var fields = value.GetType().GetProperties();
            return "{" + string.Join(",", fields.Select(each => $"\"{each.Name}\":{Serialize(each.GetValue(value))}")) + "}";
        }
    }
}
