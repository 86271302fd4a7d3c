import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Reads properties as java.util.Properties does. Takes one document a line, its bytes in hexadecimal; answers with
 * names and values in UTF-16 and hexadecimal, "name=value" parted by blanks, or "refused". What is UTF-8 is read
 * through a reader, as Spring does, anything else as a plain stream.
 */
public final class ReadProperties {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        StringBuilder answer = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            answer.append(read(HEX.parseHex(line))).append('\n');
        }
        System.out.print(answer);
    }

    private static String read(byte[] text) throws Exception {
        Properties found = new Properties();
        try {
            try {
                found.load(new StringReader(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString()));
            } catch (CharacterCodingException notUtf8) {
                found.load(new ByteArrayInputStream(text));
            }
        } catch (IllegalArgumentException brokenEscape) {
            return "refused";
        }
        StringBuilder pairs = new StringBuilder();
        new TreeMap<>(found).forEach((name, value) -> pairs.append(hex((String) name)).append('=').append(hex((String) value)).append(' '));
        return pairs.toString();
    }

    private static String hex(String text) {
        StringBuilder units = new StringBuilder();
        text.chars().forEach(unit -> units.append(HEX.toHexDigits((char) unit)));
        return units.toString();
    }
}
