/* How often a word occurs in a text, overlaps counted, and where. */
#include <stdio.h>
#include <string.h>

static int same(const char *text, const char *word, int length)
{
    for (int k = 0; k < length; k++)
        if (text[k] != word[k])
            return 0;
    return 1;
}

int find_all(const char *text, int n, const char *word, int m, unsigned char *found)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        found[i] = 0;
    if (m <= 0)
        return 0;
    for (int i = 0; i + m <= n; i++)
        if (same(text + i, word, m)) {
            found[i] = 1;
            count++;
        }
    return count;
}

int main(void)
{
    const char *text = "she sells sea shells by the sea shore, and the shells she sells are sea shells, I am sure";
    const char *words[] = {"she", "sea shells", "ll", "ocean"};
    unsigned char found[128];
    int n = (int)strlen(text);
    for (int w = 0; w < 4; w++) {
        int count = find_all(text, n, words[w], (int)strlen(words[w]), found), first = 0;
        while (first < n && !found[first])
            first++;
        printf("%-10s %d times, first at %d\n", words[w], count, first < n ? first : -1);
    }
    return 0;
}
