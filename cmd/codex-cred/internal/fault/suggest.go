package fault

import (
	"fmt"
	"strings"
)

// Suggest returns the hint, preceded by a question for the word that is nearest
// to the given one, if any is near.
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

// Mistypings returns how many letters to insert, delete, replace or swap with
// the next to turn one word into the other. That is the Damerau-Levenshtein
// distance, restricted so that no letter is edited twice.
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

// Quote returns the word, quoted for a shell if it needs that.
func Quote(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=:/.@+") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
