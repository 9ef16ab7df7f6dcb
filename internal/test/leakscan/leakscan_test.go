package leakscan_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// random returns n random bytes of base64url text, the same in each run.
func random(seed uint64, n int) string {
	raw := make([]byte, n)
	source := rand.New(rand.NewPCG(seed, 0))
	for i := range raw {
		raw[i] = byte(source.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(raw)[:n]
}

// forms returns all encodings that a scan decodes.
func forms() map[string]func([]byte) string {
	return map[string]func([]byte) string{
		"as it is":            func(b []byte) string { return string(b) },
		"hexadecimal":         hex.EncodeToString,
		"upper hexadecimal":   func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) },
		"base64":              base64.StdEncoding.EncodeToString,
		"base64, no padding":  base64.RawStdEncoding.EncodeToString,
		"base64url":           base64.URLEncoding.EncodeToString,
		"base64url, unpadded": base64.RawURLEncoding.EncodeToString,
		"percent":             percent,
		"percent, half of it": halfPercent,
		"base64 in percent":   func(b []byte) string { return percent([]byte(base64.StdEncoding.EncodeToString(b))) },
	}
}

// percent encodes each byte with a percent sign.
func percent(b []byte) string {
	var text strings.Builder
	for i, c := range b {
		fmt.Fprintf(&text, []string{"%%%02X", "%%%02x"}[i%2], c)
	}
	return text.String()
}

// halfPercent encodes every other byte with a percent sign.
func halfPercent(b []byte) string {
	var text strings.Builder
	for i, c := range b {
		if i%2 == 0 {
			text.WriteString(percent(b[i : i+1]))
			continue
		}
		text.WriteByte(c)
	}
	return text.String()
}

// TestScan_WindowAnywhere writes 12 and 11 bytes of every part of a secret after 0 to 8 other
// bytes, in each encoding and after 0 to 4 other digits.
func TestScan_WindowAnywhere(t *testing.T) {
	secret := "\xfb\xff\xbe" + random(1, 40) // begins with the digits that differ between base64 and base64url
	for name, form := range forms() {
		for at := range len(secret) - leakscan.Window + 1 {
			for before := range 9 {
				whole := secret[at : at+leakscan.Window]
				plant := form([]byte(strings.Repeat("\xff", before) + whole + "!"))
				if found := leakscan.Scan([]string{secret}, "x", []byte("0123"[:at%5]+plant)); len(found) != 1 {
					t.Fatalf("%s, from byte %d behind %d: %q, want one finding", name, at, before, found)
				}
				plant = form([]byte(strings.Repeat("~", before) + whole[1:] + "~"))
				if found := leakscan.Scan([]string{secret}, "x", []byte(plant)); found != nil {
					t.Fatalf("%s, 11 bytes from byte %d behind %d: %q, want nothing", name, at+1, before, found)
				}
			}
		}
	}
}

func TestScan_SaysWhere(t *testing.T) {
	one, two := random(1, 50), random(2, 4096)
	secrets := []string{one, two}
	for _, c := range []struct{ name, text, want string }{
		{"clean", "nothing here", ""},
		{"whole", "token=" + one + "\n", "stderr: 50 bytes of secret 0 at offset 6"},
		{"part", "..." + two[100:130], "stderr: 30 bytes of secret 1 at offset 3"},
		{"hexadecimal", "0x" + hex.EncodeToString([]byte(two[7:27])), "stderr: 20 bytes of secret 1 in hexadecimal at offset 2"},
		{"twelve bytes in hexadecimal", hex.EncodeToString([]byte(one[:12])), "stderr: 12 bytes of secret 0 in hexadecimal at offset 0"},
		{"twelve bytes in base64", base64.StdEncoding.EncodeToString([]byte(one[:12])), "stderr: 12 bytes of secret 0 in base64 at offset 0"},
		{"percent", "state=" + percent([]byte(one)), "stderr: 50 bytes of secret 0 in percent-encoding at offset 6"},
		{"percent beside it", "100%20 " + one, "stderr: 50 bytes of secret 0 at offset 7"},
		{
			"percent in the middle", one[:20] + percent([]byte(one[20:30])) + one[30:],
			"stderr: 20 bytes of secret 0 at offset 0\nstderr: 20 bytes of secret 0 at offset 50\nstderr: 50 bytes of secret 0 in percent-encoding at offset 0",
		},
		{"base64 in percent", percent([]byte(base64.StdEncoding.EncodeToString([]byte(one[:12])))), "stderr: 12 bytes of secret 0 in base64, percent-encoding at offset 0"},
		{"base64", "{\"t\":\"" + base64.StdEncoding.EncodeToString([]byte("user:"+one)), "stderr: 50 bytes of secret 0 in base64 at offset 12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := leakscan.Scan(secrets, "stderr", []byte(c.text))
			if got := strings.Join(found, "\n"); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestScan_EveryFinding(t *testing.T) {
	secret := random(1, 64)
	text := secret[:20] + " " + secret[30:50] + " " + hex.EncodeToString([]byte(secret)) + secret[:15]
	found := leakscan.Scan([]string{secret}, "x", []byte(text))
	if len(found) != 4 {
		t.Errorf("found %q, want four findings", found)
	}
	for _, line := range found {
		for at := range len(secret) - 3 {
			if strings.Contains(line, secret[at:at+4]) {
				t.Errorf("the finding %q holds a part of the secret", line)
			}
		}
	}
}

func TestScan_UnfitSecrets(t *testing.T) {
	for _, c := range []struct {
		name    string
		secrets []string
		want    []string
	}{
		{"none", nil, []string{"there is no secret to look for"}},
		{"short", []string{random(1, 20), "elevenbytes"}, []string{"secret 1 has 11 bytes, too few to look for"}},
		{"empty", []string{""}, []string{"secret 0 has 0 bytes, too few to look for"}},
		{"twelve", []string{"twelve bytes"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if found := leakscan.Scan(c.secrets, "x", nil); !slices.Equal(found, c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

func TestTree(t *testing.T) {
	secret := random(1, 60)
	dir := t.TempDir()
	write(t, dir, "clean/file", "nothing")
	write(t, dir, "deep/er/file", strings.Repeat("x", 1<<20)+secret[:12])
	write(t, dir, "name-"+secret[:12]+"/empty", "")
	write(t, dir, "encoded", base64.URLEncoding.EncodeToString([]byte("ab"+secret)))
	link := filepath.Join(dir, "link")
	_ = os.Symlink(secret[20:40], link)
	if _, err := os.Readlink(link); err != nil { // see parts.NeedSymlinks
		write(t, dir, "link", secret[20:40])
	}
	found := strings.ReplaceAll(strings.Join(leakscan.Tree([]string{secret}, dir), "\n"), "target of ", "")
	want := strings.Join([]string{
		"deep/er/file: 12 bytes of secret 0 at offset 1048576",
		"encoded: 60 bytes of secret 0 in base64 at offset 2",
		"link: 20 bytes of secret 0 at offset 0",
		"name of NAME: 12 bytes of secret 0 at offset 5",
		"name of NAME/empty: 12 bytes of secret 0 at offset 5",
	}, "\n")
	if found = strings.ReplaceAll(found, "name-"+secret[:12], "NAME"); found != want {
		t.Errorf("found\n%s\nwant\n%s", found, want)
	}
}

func TestTree_Clean(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/b", random(2, 5000))
	if found := leakscan.Tree([]string{random(1, 60)}, dir); found != nil {
		t.Errorf("found %q in a clean tree", found)
	}
}

// TestTree_Absent checks that a missing directory is not clean.
func TestTree_Absent(t *testing.T) {
	found := leakscan.Tree([]string{random(1, 60)}, filepath.Join(t.TempDir(), "absent"))
	if len(found) != 1 || !strings.HasPrefix(found[0], "not scanned: ") {
		t.Errorf("found %q, want one line that says so", found)
	}
}

func TestTree_NoSecrets(t *testing.T) {
	if found := leakscan.Tree(nil, t.TempDir()); len(found) != 1 {
		t.Errorf("found %q, want one line that says that there is no secret", found)
	}
}

func TestRandomParts(t *testing.T) {
	text := base64.RawURLEncoding.EncodeToString
	header, claims := text([]byte(`{"alg":"RS256"}`)), text([]byte(`{"client_id":"app"}`))
	for _, c := range []struct {
		name, token string
		want        []string
	}{
		{"signed JWT", header + "." + claims + ".c2lnbmF0dXJl", []string{"c2lnbmF0dXJl"}},
		{"unsigned JWT", header + "." + claims + ".", []string{header + "." + claims + "."}},
		{"three segments of something else", "one.two.three", []string{"one.two.three"}},
		{"opaque", "rt_abc", []string{"rt_abc"}},
		{"empty", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := leakscan.RandomParts(c.token); !slices.Equal(got, c.want) {
				t.Errorf("RandomParts = %q, want %q", got, c.want)
			}
		})
	}
}

// TestRandomParts_ClaimsAreNoAlarm checks that two tokens of one issuer do not match each other.
func TestRandomParts_ClaimsAreNoAlarm(t *testing.T) {
	text := base64.RawURLEncoding.EncodeToString
	head := text([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + text([]byte(`{"iss":"https://auth.example","client_id":"app"}`)) + "."
	mine, other := head+random(1, 342), head+random(2, 342)
	if found := leakscan.Scan(leakscan.RandomParts(mine), "x", []byte(other)); found != nil {
		t.Errorf("another token of the issuer: %q", found)
	}
	if found := leakscan.Scan(leakscan.RandomParts(mine), "x", []byte(mine)); len(found) != 1 {
		t.Errorf("the token itself: %q, want one finding", found)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkScan(b *testing.B) {
	text := bytes.Repeat([]byte(random(3, 1<<10)+"\n"), 1<<10)
	for _, secrets := range []int{1, 20} {
		b.Run(fmt.Sprintf("%d secrets of 4 KB in 1 MB", secrets), func(b *testing.B) {
			list := make([]string, secrets)
			for n := range list {
				list[n] = random(uint64(n)+10, 4<<10)
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if found := leakscan.Scan(list, "x", text); found != nil {
					b.Fatal(found)
				}
			}
		})
	}
}
