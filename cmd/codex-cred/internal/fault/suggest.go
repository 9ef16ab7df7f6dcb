package fault

import (
	"fmt"
	"strings"
)

// Suggest asks whether the word that is nearest to the given one was meant, or
// returns the hint if none is near.
func Suggest(given string, words []string, hint string) string {
	least, nearest := 1+len(given)/3, ""
	for _, word := range words {
		far := Mistypings(given, word)
		if len(given) > 1 && strings.HasPrefix(word, given) {
			far = 0 // not mistyped, but cut off
		}
		if far < least {
			least, nearest = far, word
		}
	}
	if nearest == "" {
		return hint
	}
	return fmt.Sprintf("did you mean %s? %s", nearest, hint)
}

// Mistypings returns how many letters have to be put in, left out, replaced or
// swapped with the next to make one word of the other (the distance of Damerau and
// Levenshtein, where no letter is touched twice).
func Mistypings(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			row[j+1] = min(last[j+1], row[j]) + 1
			if a[i] == b[j] {
				row[j+1] = min(row[j+1], last[j])
			} else {
				row[j+1] = min(row[j+1], last[j]+1)
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// Quote returns the word as a shell reads it.
func Quote(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=:/.@+") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
