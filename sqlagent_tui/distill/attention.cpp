// Causal grouped attention over packed sequences, forward and backward, in bfloat16 with float32 accumulation.
//
// Made for a small model on CPUs with AVX512-BF16: head dimension 64, sequences of a few hundred tokens, one thread. Nothing above
// the diagonal is computed, no padding exists, and a head's whole working set stays in the L2 cache.
//
// Layout: token-major; q, o, dq are [tokens][heads][64], k, v, dk, dv are [tokens][groups][64], lse is [tokens][heads] float32.
// Products run through one micro-kernel: rows x 64 columns, operand B packed in pairs along the summed dimension ("vnni").

#include <immintrin.h>

#include <cstdint>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace {

constexpr int kHead = 64;        // head dimension
constexpr int kPairs = kHead / 2;
constexpr int kPanel = 64;       // columns of a micro-kernel call
constexpr int kRows = 6;         // rows of a micro-kernel call: 24 accumulators

using bf16 = uint16_t;

inline __m512bh as_bf16(__m512i x) { return (__m512bh)x; }

// C[m][0..64) = (accumulate ? C : 0) + sum over p of A(m, p) . B[p][0..64), where A(m, p) and B[p][n] are pairs of bfloat16.
template <int M>
void product_rows(const uint32_t* a, ptrdiff_t row, ptrdiff_t pair, const uint32_t* b, ptrdiff_t ldb, int pairs, float* c,
                  ptrdiff_t ldc, bool accumulate) {
    __m512 sum[M][4];
    for (int m = 0; m < M; ++m)
        for (int n = 0; n < 4; ++n) sum[m][n] = accumulate ? _mm512_loadu_ps(c + m * ldc + 16 * n) : _mm512_setzero_ps();
    for (int p = 0; p < pairs; ++p) {
        __m512bh right[4];
        for (int n = 0; n < 4; ++n) right[n] = as_bf16(_mm512_loadu_si512(b + p * ldb + 16 * n));
        for (int m = 0; m < M; ++m) {
            const __m512bh left = as_bf16(_mm512_set1_epi32((int)a[m * row + p * pair]));
            for (int n = 0; n < 4; ++n) sum[m][n] = _mm512_dpbf16_ps(sum[m][n], left, right[n]);
        }
    }
    for (int m = 0; m < M; ++m)
        for (int n = 0; n < 4; ++n) _mm512_storeu_ps(c + m * ldc + 16 * n, sum[m][n]);
}

void product(int rows, const uint32_t* a, ptrdiff_t row, ptrdiff_t pair, const uint32_t* b, ptrdiff_t ldb, int pairs, float* c,
             ptrdiff_t ldc, bool accumulate = false) {
    switch (rows) {
        case 1: return product_rows<1>(a, row, pair, b, ldb, pairs, c, ldc, accumulate);
        case 2: return product_rows<2>(a, row, pair, b, ldb, pairs, c, ldc, accumulate);
        case 3: return product_rows<3>(a, row, pair, b, ldb, pairs, c, ldc, accumulate);
        case 4: return product_rows<4>(a, row, pair, b, ldb, pairs, c, ldc, accumulate);
        case 5: return product_rows<5>(a, row, pair, b, ldb, pairs, c, ldc, accumulate);
        default: return product_rows<6>(a, row, pair, b, ldb, pairs, c, ldc, accumulate);
    }
}

inline __m512 exp16(__m512 x) {
    x = _mm512_max_ps(x, _mm512_set1_ps(-87.0f));
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
    __m512 y = _mm512_set1_ps(1.0f / 120);
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 24));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f / 6));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0.5f));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(y, n);
}

inline __m256i narrow(__m512 x) { return (__m256i)_mm512_cvtneps_pbh(x); }
inline __m512 widen(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }
inline __m512i interleave(__m256i even, __m256i odd) {
    return _mm512_or_si512(_mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}
inline __m256i load16(const bf16* x) { return _mm256_loadu_si256((const __m256i*)x); }
inline void store16(bf16* x, __m256i value) { _mm256_storeu_si256((__m256i*)x, value); }
inline __mmask16 first(int count) { return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1); }
inline int round_up(int x, int step) { return (x + step - 1) / step * step; }

// Pairs along the head dimension: out[pair][token], tokens past `length` zero.
void pack_transposed(const bf16* x, ptrdiff_t stride, int length, int padded, uint32_t* out) {
    for (int t = 0; t < length; ++t) {
        const uint32_t* pairs = (const uint32_t*)(x + t * stride);
        for (int p = 0; p < kPairs; ++p) out[p * padded + t] = pairs[p];
    }
    for (int p = 0; p < kPairs; ++p) std::memset(out + p * padded + length, 0, sizeof(uint32_t) * (padded - length));
}

// Pairs along the tokens: out[token / 2][dimension], tokens past `length` zero.
void pack_tokens(const bf16* x, ptrdiff_t stride, int length, int padded, uint32_t* out) {
    const __m256i zero = _mm256_setzero_si256();
    for (int t = 0; t < padded; t += 2)
        for (int d = 0; d < kHead; d += 16) {
            const __m256i even = t < length ? load16(x + t * stride + d) : zero;
            const __m256i odd = t + 1 < length ? load16(x + (t + 1) * stride + d) : zero;
            _mm512_storeu_si512(out + t / 2 * kHead + d, interleave(even, odd));
        }
}

struct Scratch {
    std::vector<uint32_t> keys_t, values_t, keys, values, queries, grads, weights, dscores;
    std::vector<float> scores, dweights, dk, dv;
    std::vector<bf16> row;
    void fit(int padded) {
        const size_t packed = (size_t)padded * kPairs;
        for (auto* x : {&keys_t, &values_t, &keys, &values, &queries, &grads}) x->resize(std::max(x->size(), packed));
        for (auto* x : {&weights, &dscores}) x->resize(std::max(x->size(), (size_t)padded / 2 * padded));
        for (auto* x : {&scores, &dweights}) x->resize(std::max(x->size(), (size_t)kRows * padded));
        for (auto* x : {&dk, &dv}) x->resize(std::max(x->size(), (size_t)padded * kHead));
        row.resize(std::max(row.size(), (size_t)kRows * padded));
    }
};

thread_local Scratch scratch;

int padded_length(int length) { return round_up(round_up(length, kRows), kPanel); }

void forward_group(const bf16* q, const bf16* k, const bf16* v, ptrdiff_t q_stride, ptrdiff_t kv_stride, int length, int heads,
                   int heads_in_group, bf16* o, float* lse, float scale) {
    const int padded = padded_length(length);
    Scratch& s = scratch;
    s.fit(padded);
    pack_transposed(k, kv_stride, length, padded, s.keys_t.data());
    pack_tokens(v, kv_stride, length, padded, s.values.data());
    float out[kRows * kHead];
    for (int h = 0; h < heads_in_group; ++h)
        for (int i0 = 0; i0 < length; i0 += kRows) {
            const int rows = std::min(kRows, length - i0);
            const int width = round_up(i0 + rows, kPanel);
            const uint32_t* a = (const uint32_t*)(q + i0 * q_stride + h * kHead);
            for (int j = 0; j < width; j += kPanel)
                product(rows, a, q_stride / 2, 1, s.keys_t.data() + j, padded, kPairs, s.scores.data() + j, padded);
            float inverse[kRows];
            for (int r = 0; r < rows; ++r) {
                const int keys = i0 + r + 1;
                const float* x = s.scores.data() + (size_t)r * padded;
                bf16* p = s.row.data() + (size_t)r * padded;
                const __m512 lowest = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
                __m512 most = lowest;
                for (int j = 0; j < keys; j += 16) most = _mm512_max_ps(most, _mm512_mask_loadu_ps(lowest, first(keys - j), x + j));
                const float top = _mm512_reduce_max_ps(most) * scale;
                __m512 total = _mm512_setzero_ps();
                const __m512 shift = _mm512_set1_ps(top), factor = _mm512_set1_ps(scale);
                int j = 0;
                for (; j < keys; j += 16) {
                    const __mmask16 valid = first(keys - j);
                    const __m512 e = exp16(_mm512_fmsub_ps(_mm512_maskz_loadu_ps(valid, x + j), factor, shift));
                    const __m512 kept = _mm512_maskz_mov_ps(valid, e);
                    total = _mm512_add_ps(total, kept);
                    store16(p + j, narrow(kept));
                }
                for (; j < width; j += 16) store16(p + j, _mm256_setzero_si256());
                const float sum = _mm512_reduce_add_ps(total);
                inverse[r] = 1.0f / sum;
                lse[(i0 + r) * heads + h] = top + std::log(sum);
            }
            product(rows, (const uint32_t*)s.row.data(), padded / 2, 1, s.values.data(), kHead, (i0 + rows + 1) / 2, out, kHead);
            for (int r = 0; r < rows; ++r)
                for (int d = 0; d < kHead; d += 16)
                    store16(o + (i0 + r) * q_stride + h * kHead + d,
                            narrow(_mm512_mul_ps(_mm512_loadu_ps(out + r * kHead + d), _mm512_set1_ps(inverse[r]))));
        }
}

void backward_group(const bf16* q, const bf16* k, const bf16* v, const bf16* o, const bf16* grad, const float* lse,
                    ptrdiff_t q_stride, ptrdiff_t kv_stride, int length, int heads, int heads_in_group, bf16* dq, bf16* dk,
                    bf16* dv, float scale) {
    const int padded = padded_length(length);
    Scratch& s = scratch;
    s.fit(padded);
    pack_transposed(k, kv_stride, length, padded, s.keys_t.data());
    pack_transposed(v, kv_stride, length, padded, s.values_t.data());
    pack_tokens(k, kv_stride, length, padded, s.keys.data());
    std::memset(s.dk.data(), 0, sizeof(float) * padded * kHead);
    std::memset(s.dv.data(), 0, sizeof(float) * padded * kHead);
    float out[kRows * kHead];
    const int blocks_end = round_up(length, kRows);
    for (int h = 0; h < heads_in_group; ++h) {
        pack_tokens(q + h * kHead, q_stride, length, padded, s.queries.data());
        pack_tokens(grad + h * kHead, q_stride, length, padded, s.grads.data());
        for (int i0 = 0; i0 < length; i0 += kRows) {
            const int rows = std::min(kRows, length - i0);
            const int width = round_up(i0 + kRows, kPanel);
            const uint32_t* a = (const uint32_t*)(q + i0 * q_stride + h * kHead);
            const uint32_t* g = (const uint32_t*)(grad + i0 * q_stride + h * kHead);
            for (int j = 0; j < width; j += kPanel) {
                product(rows, a, q_stride / 2, 1, s.keys_t.data() + j, padded, kPairs, s.scores.data() + j, padded);
                product(rows, g, q_stride / 2, 1, s.values_t.data() + j, padded, kPairs, s.dweights.data() + j, padded);
            }
            float delta[kRows] = {};
            for (int r = 0; r < rows; ++r) {
                __m512 sum = _mm512_setzero_ps();
                const ptrdiff_t at = (i0 + r) * q_stride + h * kHead;
                for (int d = 0; d < kHead; d += 16) sum = _mm512_fmadd_ps(widen(load16(o + at + d)), widen(load16(grad + at + d)), sum);
                delta[r] = _mm512_reduce_add_ps(sum);
            }
            const __m512 factor = _mm512_set1_ps(scale);
            for (int r = 0; r < kRows; r += 2)
                for (int j = 0; j < width; j += 16) {
                    __m256i p[2], d[2];
                    for (int e = 0; e < 2; ++e) {
                        const int i = i0 + r + e;
                        const __mmask16 valid = r + e < rows ? first(i + 1 - j) : 0;
                        if (!valid) {
                            p[e] = d[e] = _mm256_setzero_si256();
                        } else {
                            const size_t at = (size_t)(r + e) * padded + j;
                            const __m512 x = _mm512_fmsub_ps(_mm512_loadu_ps(s.scores.data() + at), factor, _mm512_set1_ps(lse[i * heads + h]));
                            const __m512 w = _mm512_maskz_mov_ps(valid, exp16(x));
                            const __m512 dw = _mm512_sub_ps(_mm512_loadu_ps(s.dweights.data() + at), _mm512_set1_ps(delta[r + e]));
                            p[e] = narrow(w);
                            d[e] = narrow(_mm512_mul_ps(_mm512_mul_ps(w, dw), factor));
                        }
                        store16(s.row.data() + (size_t)(r + e) * padded + j, d[e]);
                    }
                    const size_t pair = (size_t)((i0 + r) / 2) * padded + j;
                    _mm512_storeu_si512(s.weights.data() + pair, interleave(p[0], p[1]));
                    _mm512_storeu_si512(s.dscores.data() + pair, interleave(d[0], d[1]));
                }
            product(rows, (const uint32_t*)s.row.data(), padded / 2, 1, s.keys.data(), kHead, (i0 + rows + 1) / 2, out, kHead);
            for (int r = 0; r < rows; ++r)
                for (int d = 0; d < kHead; d += 16)
                    store16(dq + (i0 + r) * q_stride + h * kHead + d, narrow(_mm512_loadu_ps(out + r * kHead + d)));
        }
        for (int j0 = 0; j0 < blocks_end; j0 += kRows) {
            const ptrdiff_t from = j0 / 2;  // queries before j0 see none of these keys
            const int pairs = (blocks_end - j0) / 2;
            product(kRows, s.weights.data() + from * padded + j0, 1, padded, s.grads.data() + from * kHead, kHead, pairs,
                    s.dv.data() + (size_t)j0 * kHead, kHead, true);
            product(kRows, s.dscores.data() + from * padded + j0, 1, padded, s.queries.data() + from * kHead, kHead, pairs,
                    s.dk.data() + (size_t)j0 * kHead, kHead, true);
        }
    }
    for (int t = 0; t < length; ++t)
        for (int d = 0; d < kHead; d += 16) {
            store16(dk + t * kv_stride + d, narrow(_mm512_loadu_ps(s.dk.data() + (size_t)t * kHead + d)));
            store16(dv + t * kv_stride + d, narrow(_mm512_loadu_ps(s.dv.data() + (size_t)t * kHead + d)));
        }
}

}  // namespace

// `starts` holds the first token of each sequence and, last, the number of tokens; an empty sequence is allowed.
extern "C" void attention_forward(const bf16* q, const bf16* k, const bf16* v, const int32_t* starts, int sequences, int heads,
                                  int groups, float scale, bf16* o, float* lse) {
    const ptrdiff_t q_stride = heads * kHead, kv_stride = groups * kHead;
    const int share = heads / groups;
    for (int n = 0; n < sequences; ++n)
        for (int g = 0; g < groups; ++g) {
            const ptrdiff_t t = starts[n], qa = t * q_stride + g * share * kHead, ka = t * kv_stride + g * kHead;
            forward_group(q + qa, k + ka, v + ka, q_stride, kv_stride, starts[n + 1] - starts[n], heads, share, o + qa,
                          lse + t * heads + g * share, scale);
        }
}

extern "C" void attention_backward(const bf16* q, const bf16* k, const bf16* v, const bf16* o, const bf16* grad, const float* lse,
                                   const int32_t* starts, int sequences, int heads, int groups, float scale, bf16* dq, bf16* dk,
                                   bf16* dv) {
    const ptrdiff_t q_stride = heads * kHead, kv_stride = groups * kHead;
    const int share = heads / groups;
    for (int n = 0; n < sequences; ++n)
        for (int g = 0; g < groups; ++g) {
            const ptrdiff_t t = starts[n], qa = t * q_stride + g * share * kHead, ka = t * kv_stride + g * kHead;
            backward_group(q + qa, k + ka, v + ka, o + qa, grad + qa, lse + t * heads + g * share, q_stride, kv_stride,
                           starts[n + 1] - starts[n], heads, share, dq + qa, dk + ka, dv + ka, scale);
        }
}
