package jsonedit_test

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestThereAndBack_Generated covers what the fuzzer rarely finds: comments, line breaks and commas
// in every place.
func TestThereAndBack_Generated(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	for range 20_000 {
		doc := []byte(g.extra() + g.object(3) + g.extra())
		path := []string{g.name()}
		for g.IntN(2) == 0 {
			path = append(path, g.name())
		}
		setAndRemove(t, doc, path)
		appendAndRemove(t, doc, path)
	}
}

type generator struct{ *rand.Rand }

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g generator) name() string { return g.pick("a", "b", "c") }

func (g generator) extra() string {
	if g.IntN(3) == 0 {
		return ""
	}
	return g.pick("", " ", "\n", "\r\n", "\t", "  ", "\n\n  ", "/* c */", " // c\n", "\n  // c\r\n", "\r") + g.pick("", " ", "\n", "\r\n\t", g.extra())
}

func (g generator) value(depth int) string {
	switch n := g.IntN(6); {
	case n == 0 && depth > 0:
		return "[" + g.list(func() string { return g.value(depth - 1) }, 3) + "]"
	case n < 4 && depth > 0:
		return g.object(depth - 1)
	}
	return g.pick("1", "null", `"x"`, `"// x"`)
}

func (g generator) object(depth int) string {
	names := []string{"a", "b", "c"}
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return "{" + g.list(func() string {
		name := names[0]
		names = names[1:]
		return `"` + name + `"` + g.extra() + ":" + g.extra() + g.value(depth)
	}, len(names)) + "}"
}

func (g generator) list(item func() string, most int) string {
	var b strings.Builder
	n := g.IntN(most + 1)
	for i := range n {
		b.WriteString(g.extra() + item() + g.extra())
		if i+1 < n || g.IntN(3) == 0 {
			b.WriteString("," + g.extra())
		}
	}
	if n == 0 {
		b.WriteString(g.extra())
	}
	return b.String()
}
