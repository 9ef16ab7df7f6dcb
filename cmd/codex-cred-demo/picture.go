package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Sizes in the picture, in pixels. In a monospaced font a letter is about 0.6 times its size wide.
const (
	letterWidth = 8
	lineHeight  = 19
	margin      = 16
	letterSize  = 13
)

// draw returns an SVG of a terminal with the text. It embeds no font and no script, so that any
// viewer can show it as an image.
func draw(text string) []byte {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	columns := 0
	for _, line := range lines {
		columns = max(columns, utf8.RuneCountInString(line))
	}
	width, height := columns*letterWidth+2*margin, len(lines)*lineHeight+2*margin
	var b bytes.Buffer
	fmt.Fprintf(
		&b,
		`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n",
		width, height,
	)
	fmt.Fprint(&b, "<title>The tour of codex-cred, as a terminal shows it</title>\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="8" fill="#16181d"/>`+"\n", width, height)
	fmt.Fprintf(
		&b,
		`<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="%d" xml:space="preserve">`+"\n",
		letterSize,
	)
	for i, line := range lines {
		if line == "" {
			continue
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">`, margin, margin+letterSize+i*lineHeight, colour(line))
		_ = xml.EscapeText(&b, []byte(line)) // a buffer does not fail
		fmt.Fprint(&b, "</text>\n")
	}
	fmt.Fprint(&b, "</g>\n</svg>\n")
	return b.Bytes()
}

// colour returns the colour of a line: commands, headings and the program's output differ.
func colour(line string) string {
	switch {
	case strings.HasPrefix(line, "$ "):
		return "#8fd18b"
	case line[0] >= '1' && line[0] <= '9':
		return "#8ab4f8"
	}
	return "#d7dae0"
}

func writePicture(file, text string) error {
	return os.WriteFile(file, draw(text), 0o644) //nolint:gosec // the picture is public
}
