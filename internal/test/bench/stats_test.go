package main

import (
	"slices"
	"testing"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		what   string
		series []float64
		want   spread
	}{
		{"nothing", nil, spread{}},
		{"one member", []float64{3}, spread{3, 3, 3}},
		{"an odd number, in any order", []float64{5, 1, 3}, spread{Median: 3, P10: 1.4, P90: 4.6}},
		{"an even number has its median between two", []float64{4, 1, 2, 3}, spread{Median: 2.5, P10: 1.3, P90: 3.7}},
		{"one that is far off moves no median", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 900}, spread{1, 1, 1}},
	} {
		t.Run(c.what, func(t *testing.T) {
			before := slices.Clone(c.series)
			if got := spreadOf(c.series); !near(got.Median, c.want.Median) || !near(got.P10, c.want.P10) || !near(got.P90, c.want.P90) {
				t.Errorf("spreadOf(%v) = %+v, want %+v", c.series, got, c.want)
			}
			if !slices.Equal(before, c.series) {
				t.Errorf("the series, whose order is that of the rounds, became %v", c.series)
			}
		})
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

// TestPaired has a computer that is three times as slow in the second round: the ratio of the
// medians would differ.
func TestPaired(t *testing.T) {
	ours, theirs := []float64{1, 3, 1.2}, []float64{2, 6, 2.4}
	for _, ratio := range paired(ours, theirs) {
		if !near(ratio, 0.5) {
			t.Errorf("paired = %v, want 0.5 each", paired(ours, theirs))
		}
	}
	if got := paired(ours, theirs[:1]); len(got) != 1 {
		t.Errorf("a round that only one of them took part in counts: %v", got)
	}
}
