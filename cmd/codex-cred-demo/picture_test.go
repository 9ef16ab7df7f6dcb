package main

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	const text = "$ codex-cred get\na <token> & \"more\"\n\n1. After an empty line\n"
	var picture struct {
		Title string `xml:"title"`
		Width int    `xml:"width,attr"`
		Group struct {
			Text []struct {
				Y    int    `xml:"y,attr"`
				Fill string `xml:"fill,attr"`
				Line string `xml:",chardata"`
			} `xml:"text"`
		} `xml:"g"`
	}
	if err := xml.Unmarshal(draw(text), &picture); err != nil {
		t.Fatal(err)
	}
	lines, fills := make([]string, 0, len(picture.Group.Text)), make([]string, 0, len(picture.Group.Text))
	for _, line := range picture.Group.Text {
		lines, fills = append(lines, line.Line), append(fills, line.Fill)
	}
	if want := slices.DeleteFunc(strings.Split(text, "\n"), func(s string) bool { return s == "" }); !slices.Equal(lines, want) {
		t.Errorf("the lines are %q, want %q", lines, want)
	}
	if slices.Sort(fills); len(slices.Compact(fills)) != 3 {
		t.Errorf("commands, words and output have the colours %q", fills)
	}
	if picture.Title == "" || picture.Width < letterWidth*len("1. After an empty line") {
		t.Errorf("title %q, width %d", picture.Title, picture.Width)
	}
	if last := picture.Group.Text[2].Y - picture.Group.Text[1].Y; last != 2*lineHeight {
		t.Errorf("the empty line is %d pixels high", last-lineHeight)
	}
}
