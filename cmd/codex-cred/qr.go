package main

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quietZone is the width of the border around a QR code, in modules (ISO/IEC 18004 section 6.3.8).
const quietZone = 4

// qrCode returns the text as a QR code with its border, in rows of modules. true is a dark module.
func qrCode(text string) ([][]bool, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	rows := make([][]bool, code.Size+2*quietZone)
	for y := range rows {
		rows[y] = make([]bool, len(rows))
		for x := range rows[y] {
			rows[y][x] = code.Black(x-quietZone, y-quietZone)
		}
	}
	return rows, nil
}

func invert(rows [][]bool) {
	for _, row := range rows {
		for x := range row {
			row[x] = !row[x]
		}
	}
}

// halfBlocks draws the modules as text. A line holds two rows, so that modules are about square.
func halfBlocks(rows [][]bool) []string {
	var lines []string
	for y := 0; y < len(rows); y += 2 {
		var b strings.Builder
		for x, upper := range rows[y] {
			lower := y+1 < len(rows) && rows[y+1][x]
			switch {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}
