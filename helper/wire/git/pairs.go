package git

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/codex-cred/codex-cred/helper/wire"
)

// A pair is one line of the protocol, which has no quoting: a key cannot contain an equals sign, and neither key nor
// value a newline or a NUL.
type pair struct{ key, value string }

// maxLine is the maximum length of a line that git reads, in bytes and with its newline.
const maxLine = 65535

// decode parses the lines up to the first empty one or the end.
func decode(text []byte) ([]pair, error) {
	var pairs []pair
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		switch {
		case len(line) == 0:
			return pairs, nil
		case len(line) >= maxLine:
			return nil, fmt.Errorf("%w: a line has more than %d bytes", wire.ErrMalformed, maxLine)
		}
		key, value, ok := strings.Cut(string(line), "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%w: a line is not KEY=VALUE", wire.ErrMalformed)
		}
		pairs = append(pairs, pair{key, value})
		text = rest
	}
	return pairs, nil
}

// encode returns the pairs and the empty line that ends them.
func encode(pairs []pair) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range pairs {
		if p.key == "" || strings.ContainsAny(p.key, "=\n\x00") || strings.ContainsAny(p.value, "\n\x00") ||
			len(p.key)+len(p.value)+2 > maxLine {
			return nil, fmt.Errorf("%w: %q or its value cannot stand in a line", wire.ErrMalformed, p.key)
		}
		b.WriteString(p.key + "=" + p.value + "\n")
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
