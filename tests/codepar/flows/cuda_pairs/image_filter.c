void blur(const unsigned char *in, unsigned char *out, int width, int height) {
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int sum = 0, count = 0;
            for (int dy = -1; dy <= 1; dy++) {
                for (int dx = -1; dx <= 1; dx++) {
                    int yy = y + dy, xx = x + dx;
                    if (yy >= 0 && yy < height && xx >= 0 && xx < width) {
                        sum += in[yy * width + xx];
                        count++;
                    }
                }
            }
            out[y * width + x] = (unsigned char)(sum / count);
        }
    }
}
