package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestQRCode decodes the output of halfBlocks with another program.
func TestQRCode(t *testing.T) {
	_, err := exec.LookPath("zbarimg")
	parts.Need(t, "zbarimg", err)
	for _, text := range []string{
		"https://auth.openai.com/codex/device",
		"https://auth.example.com/device?user_code=BCDF-1234",
		"https://auth.example.com/" + strings.Repeat("long/", 100),
	} {
		rows, err := qrCode(text)
		if err != nil {
			t.Fatal(err)
		}
		picture := filepath.Join(t.TempDir(), "code.pgm")
		if err := os.WriteFile(picture, pgm(points(halfBlocks(rows))), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--raw", "--nodbus", picture).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != text {
			t.Errorf("the QR code of %.60q reads %q, %v", text, got, err)
		}
	}
}

// points is the inverse of halfBlocks.
func points(lines []string) [][]bool {
	rows := make([][]bool, 0, 2*len(lines))
	for _, line := range lines {
		upper, lower := make([]bool, 0, len(line)), make([]bool, 0, len(line))
		for _, r := range line {
			upper = append(upper, r == '█' || r == '▀')
			lower = append(lower, r == '█' || r == '▄')
		}
		rows = append(rows, upper, lower)
	}
	return rows
}

// pgm returns a grayscale image with eight by eight pixels for each module.
func pgm(rows [][]bool) []byte {
	const scale = 8
	var b bytes.Buffer
	fmt.Fprintf(&b, "P5 %d %d 255\n", scale*len(rows[0]), scale*len(rows))
	for _, row := range rows {
		line := make([]byte, 0, scale*len(row))
		for _, dark := range row {
			grey := byte(255)
			if dark {
				grey = 0
			}
			line = append(line, bytes.Repeat([]byte{grey}, scale)...)
		}
		b.Write(bytes.Repeat(line, scale))
	}
	return b.Bytes()
}

func TestQRCodeTooLong(t *testing.T) {
	if _, err := qrCode(strings.Repeat("x", 5000)); err == nil {
		t.Error("5,000 bytes were drawn")
	}
}
