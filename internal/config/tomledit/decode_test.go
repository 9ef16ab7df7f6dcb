package tomledit

import (
	"maps"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

// FuzzDecode checks that decode and the library's decoder accept the same texts and return the same
// content.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"a = 1\nb = -0x1f\n", "a = 0x1F_f\nb = 0o17\nc = 0b1_0\nd = +1_000\ne = -17\n", "a = 9223372036854775808\n", "a = 1_0.5_0e1_0\nb = -inf\nc = nan\nd = +0.0\n", "a = 1e999\n",
		"a = true\nb = false\n", "a = \"\\u00e9\"\nb = '''\nx'''\nc = ''\n", "a = [1, [\"x\"], {b = 1}]\nc = []\nd = {}\n",
		"a = 1979-05-27T07:32:00Z\nb = 1979-05-27\nc = 07:32:00.5\nd = 1979-05-27 07:32:00\n", "a = 2021-02-30\n",
		"a = 1\na = 2\n", "a.b = 1\na.c = 2\n", "a = 1\na.b = 2\n", "a = {b = 1}\na.c = 2\n", "a = {b.c = 1, b.d = 2}\n", "a = {b = {}, b.c = 1}\n", "a = {b = 1, b = 2}\n",
		"[a]\n[a]\n", "[a.b]\n[a]\nc = 1\n", "[a]\nb.c = 1\n[a.b]\n", "[a]\nb.c = 1\n[a.b.d]\n", "[a.b]\n[a]\nb.c = 1\n", "[a.b.c]\n[a]\nb.d = 1\n",
		"[[a]]\nb = 1\n[[a]]\n[a.c]\n[[a.d]]\n", "[a]\n[[a]]\n", "[[a]]\n[a]\n", "a = [{b = 1}]\n[[a]]\n", "a = []\n[a.b]\n", "a = {}\n[a.b]\n", "[[a]]\n[[a.b]]\n[[a]]\n[a.b]\n", "[a.b]\n[[a]]\n", "a.b = 1\n[a]\n", "a.b = 1\n[a.c]\n", "[a]\n[a.b]\n[a]\n",
	} {
		f.Add([]byte(seed))
	}
	for _, date := range almostDates() {
		f.Add([]byte("a = " + date + "\n"))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var want map[string]any
		wantErr := toml.Unmarshal(doc, &want)
		got, err := decode(doc)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, the library %v", doc, err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(markDates(want), markDates(got), cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })); diff != "" {
			t.Errorf("%q (-library +ours):\n%s", doc, diff)
		}
	})
}

// almostDates are valid dates and times, and some with one fault in a separator, a number of digits
// or an offset.
func almostDates() []string {
	list := make([]string, 0, 2048)
	list = append(list, "0000-01-0100:00", "2021-1-01", "2021-01-01-", "2021-01-01T", "2021-01-0110:00:00", "2021-01-01+10:00", "2021-01-01Z")
	for _, clock := range []string{
		"10:00", "10:00:00", "10:00:00.5", "10:00:00.0123456789", "23:59:60", "24:00", "1:00:00", "1:00", "10:0", "10:00:0", "10:00:00.", "10:00.5", "10:", "10",
	} {
		list = append(list, clock)
		for _, between := range []string{"", "T", "t", " ", "  ", "TT", "T ", "-", "+", ".", "Z"} {
			for _, offset := range []string{"", "Z", "z", "ZZ", "+00:00", "-23:59", "+24:00", "+10:60", "+1:00", "+10", "+1000", "+-10:00", "Z10:00"} {
				list = append(list, "2021-02-28"+between+clock+offset)
			}
		}
	}
	return list
}

// markDates replaces every date, in any type, and every text that could be one by the same mark.
func markDates(value any) any { //nolint:ireturn // a TOML value has one of many types
	switch value := value.(type) {
	case map[string]any:
		same := maps.Clone(value)
		for name, member := range same {
			same[name] = markDates(member)
		}
		return same
	case []any:
		same := make([]any, 0, len(value))
		for _, member := range value {
			same = append(same, markDates(member))
		}
		return same
	case time.Time, toml.LocalDate, toml.LocalTime, toml.LocalDateTime:
		return "a date"
	case string:
		var date struct {
			A any `toml:"a"`
		}
		if toml.Unmarshal([]byte("a = "+value), &date) == nil {
			if _, isText := date.A.(string); !isText && markDates(date.A) == "a date" {
				return "a date"
			}
		}
		return value
	}
	return value
}
