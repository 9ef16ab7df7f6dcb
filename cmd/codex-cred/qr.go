package main

import (
	"fmt"

	"rsc.io/qr"
)

// quietZone is the width in modules of the border that a QR code needs (ISO/IEC
// 18004 section 6.3.8).
const quietZone = 4

// qrCode returns the text as a QR code with its border, in rows of modules. A
// dark module is true.
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
