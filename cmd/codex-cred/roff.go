package main

import "strings"

// A roff writes a page with the macros of man(7).
type roff struct{ b strings.Builder }

// roffWidth is the longest line of the source. Linters of man pages warn about longer ones.
const roffWidth = 80

// String returns the page.
func (r *roff) String() string { return r.b.String() }

// head writes the title. It turns off justification and hyphenation, which would break commands
// that users copy.
func (r *roff) head(title, section, date, source string) {
	r.b.WriteString(`.TH "` + roffEscaped(title) + `" ` + section + " " + date + ` "` + roffEscaped(source) +
		"\" \"User Commands\"\n.nr HY 0\n.nh\n.ad l\n")
}

// macro writes a macro with its arguments.
func (r *roff) macro(name string, args ...string) {
	r.b.WriteString("." + name)
	for _, arg := range args {
		r.b.WriteString(` "` + strings.ReplaceAll(roffEscaped(arg), `"`, `\(dq`) + `"`)
	}
	r.b.WriteByte('\n')
}

// text writes a paragraph, with each sentence on its own line. Text between backquotes is bold.
func (r *roff) text(text string) {
	line := ""
	for _, word := range roffWords(text) {
		if line != "" && len(line)+1+len(word) > roffWidth {
			r.line(line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
		if strings.HasSuffix(word, ".") {
			r.line(line)
			line = ""
		}
	}
	if line != "" {
		r.line(line)
	}
}

// tagged writes a paragraph with a tag. The tag is one line of the source.
func (r *roff) tagged(tag, text string) {
	r.macro("TP")
	r.line(strings.Join(roffWords(tag), " "))
	r.text(text)
}

// roffWords returns the words of a text, escaped. Text between backquotes is bold.
func roffWords(text string) []string {
	words := strings.Fields(text)
	bold := false
	for i, word := range words {
		parts := strings.Split(word, "`")
		var b strings.Builder
		if bold {
			b.WriteString(`\fB`)
		}
		for j, part := range parts {
			if j > 0 {
				bold = !bold
				b.WriteString(map[bool]string{true: `\fB`, false: `\fR`}[bold])
			}
			b.WriteString(roffEscaped(part))
		}
		if bold {
			b.WriteString(`\fR`)
		}
		words[i] = b.String()
	}
	return words
}

// verbatim writes lines that are not filled.
func (r *roff) verbatim(lines string) {
	r.macro("EX")
	for line := range strings.SplitSeq(lines, "\n") {
		r.line(roffEscaped(line))
	}
	r.macro("EE")
}

// line writes a line of the source. It escapes a leading character that would start a macro.
func (r *roff) line(line string) {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	r.b.WriteString(line + "\n")
}

// roffEscaped escapes the characters that roff would print as others, which could not be pasted
// into a shell.
func roffEscaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch r {
		case '\\':
			b.WriteString(`\e`)
		case '-':
			b.WriteString(`\-`)
		case '\'':
			b.WriteString(`\(aq`)
		case '`':
			b.WriteString(`\(ga`)
		case '^':
			b.WriteString(`\(ha`)
		case '~':
			b.WriteString(`\(ti`)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
