package main

import (
	"math"
	"slices"
)

// A spread is the median of a series and its quartiles.
type spread struct {
	Median float64 `json:"median"`
	P10    float64 `json:"p10"`
	P90    float64 `json:"p90"`
}

// spreadOf returns the spread, zero for an empty series.
func spreadOf(series []float64) spread {
	sorted := slices.Sorted(slices.Values(series))
	return spread{Median: quantile(sorted, 0.5), P10: quantile(sorted, 0.1), P90: quantile(sorted, 0.9)}
}

// quantile interpolates between the two nearest members of the sorted series.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	below := math.Floor(at)
	low, high := sorted[int(below)], sorted[int(math.Ceil(at))]
	return low + (high-low)*(at-below)
}

// paired divides two series member by member: both members of a round had the same conditions.
func paired(series, by []float64) []float64 {
	ratios := make([]float64, min(len(series), len(by)))
	for i, divisor := range by[:len(ratios)] {
		ratios[i] = series[i] / divisor
	}
	return ratios
}
