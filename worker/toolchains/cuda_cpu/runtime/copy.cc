// cudaMemcpy and cudaMemset in one, two and three dimensions: checked, then done at once, in the order of the calls.
// Limits: cudaMemcpy3D between arrays is not offered. Ranges that overlap are copied as memmove does, with a note, because
// CUDA leaves the result open.
#include "codepar_cuda/copy_api.h"

#include <cstdint>
#include <cstring>

#include "codepar_cuda/report.h"
#include "ranges.h"

using codepar_cuda::check_range;
using codepar_cuda::check_stream;
using codepar_cuda::fail;
using codepar_cuda::Location;
using codepar_cuda::Range;
using codepar_cuda::Side;

namespace {

struct Sides {
    Side to, from;
};

bool is_direction(cudaMemcpyKind kind) { return kind >= cudaMemcpyHostToHost && kind <= cudaMemcpyDefault; }

Sides sides(cudaMemcpyKind kind) {
    switch (kind) {
        case cudaMemcpyHostToHost: return {Side::host, Side::host};
        case cudaMemcpyHostToDevice: return {Side::device, Side::host};
        case cudaMemcpyDeviceToHost: return {Side::host, Side::device};
        case cudaMemcpyDeviceToDevice: return {Side::device, Side::device};
        default: return {Side::either, Side::either};
    }
}

// Rows of `width` bytes, `pitch` apart: slices of `rows` rows each; a plain copy is one row of one slice.
struct Shape {
    size_t width, rows, slices;
    size_t count() const { return rows * slices; }
};

// Bytes from the first to the last that rows of this pitch touch; SIZE_MAX where that overflows.
size_t span(const Shape& shape, size_t pitch) {
    if (shape.width == 0 || shape.count() == 0) return 0;
    size_t bytes = 0;
    if (__builtin_mul_overflow(shape.count() - 1, pitch, &bytes)) return SIZE_MAX;
    if (__builtin_add_overflow(bytes, shape.width, &bytes)) return SIZE_MAX;
    return bytes;
}

bool overlap(const void* to, const void* from, size_t bytes) {
    const char* const a = static_cast<const char*>(to);
    const char* const b = static_cast<const char*>(from);
    return bytes && a != b && a < b + bytes && b < a + bytes;
}

void note_overlap(Location where, const char* call) {
    codepar_cuda::Finding finding;
    finding.message = std::string(call) + ": source and destination overlap; CUDA leaves the result open";
    finding.where = where;
    codepar_cuda::report(finding);
}

cudaError_t copy(void* to, size_t to_pitch, const void* from, size_t from_pitch, const Shape& shape, cudaMemcpyKind kind,
                 Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!is_direction(kind)) return fail(cudaErrorInvalidMemcpyDirection, where, call, "unknown direction");
    if (shape.width > to_pitch || shape.width > from_pitch)
        return fail(cudaErrorInvalidPitchValue, where, call, "rows of " + std::to_string(shape.width) + " bytes exceed a pitch");
    const Sides of = sides(kind);
    const size_t written = span(shape, to_pitch), read = span(shape, from_pitch);
    if (const cudaError_t bad = check_range(Range{to, written, of.to, "destination"}, where, call)) return bad;
    if (const cudaError_t bad = check_range(Range{from, read, of.from, "source"}, where, call)) return bad;
    if (shape.count() == 1 && overlap(to, from, shape.width)) note_overlap(where, call);
    if (shape.width == 0) return cudaSuccess;
    for (size_t row = 0; row < shape.count(); ++row) {
        char* const target = static_cast<char*>(to) + row * to_pitch;
        const char* const source = static_cast<const char*>(from) + row * from_pitch;
        std::memmove(target, source, shape.width);
        codepar_cuda::note_read(source, shape.width);
        codepar_cuda::note_written(target, shape.width);
    }
    return cudaSuccess;
}

cudaError_t copy_row(void* to, const void* from, size_t count, cudaMemcpyKind kind, Location where, const char* call) {
    return copy(to, count, from, count, Shape{count, 1, 1}, kind, where, call);
}

cudaError_t fill(void* pointer, size_t pitch, int value, const Shape& shape, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (shape.width > pitch)
        return fail(cudaErrorInvalidPitchValue, where, call, "rows of " + std::to_string(shape.width) + " bytes exceed the pitch");
    const Range range{pointer, span(shape, pitch), Side::device, "destination"};
    if (const cudaError_t bad = check_range(range, where, call)) return bad;
    if (shape.width == 0) return cudaSuccess;
    for (size_t row = 0; row < shape.count(); ++row) {
        char* const target = static_cast<char*>(pointer) + row * pitch;
        std::memset(target, value, shape.width);
        codepar_cuda::note_written(target, shape.width);
    }
    return cudaSuccess;
}

struct Corner {
    char* start;
    size_t pitch, slice;
};

Corner corner(const cudaPitchedPtr& pitched, const cudaPos& at) {
    const size_t slice = pitched.pitch * pitched.ysize;
    return {static_cast<char*>(pitched.ptr) + at.z * slice + at.y * pitched.pitch + at.x, pitched.pitch, slice};
}

}  // namespace

cudaError_t cudaMemcpy(void* to, const void* from, size_t count, cudaMemcpyKind kind, Location where) {
    return copy_row(to, from, count, kind, where, "cudaMemcpy");
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t count, cudaMemcpyKind kind, cudaStream_t stream,
                            Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaMemcpyAsync")) return bad;
    return copy_row(to, from, count, kind, where, "cudaMemcpyAsync");
}

cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device, size_t count, Location where) {
    if (to_device != 0 || from_device != 0)
        return fail(cudaErrorInvalidDevice, where, "cudaMemcpyPeer", "there is one device, number 0");
    return copy_row(to, from, count, cudaMemcpyDeviceToDevice, where, "cudaMemcpyPeer");
}

cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, size_t count,
                                cudaStream_t stream, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaMemcpyPeerAsync")) return bad;
    return cudaMemcpyPeer(to, to_device, from, from_device, count, where);
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                         cudaMemcpyKind kind, Location where) {
    return copy(to, to_pitch, from, from_pitch, Shape{width, height, 1}, kind, where, "cudaMemcpy2D");
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                              cudaMemcpyKind kind, cudaStream_t stream, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaMemcpy2DAsync")) return bad;
    return copy(to, to_pitch, from, from_pitch, Shape{width, height, 1}, kind, where, "cudaMemcpy2DAsync");
}

cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* p, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!p) return fail(cudaErrorInvalidValue, where, "cudaMemcpy3D", "NULL parameters");
    if (p->srcArray || p->dstArray) return codepar_cuda::unsupported(where, "CUDA arrays");
    if (!p->srcPtr.ptr || !p->dstPtr.ptr) return fail(cudaErrorInvalidValue, where, "cudaMemcpy3D", "NULL pointer");
    const Corner to = corner(p->dstPtr, p->dstPos), from = corner(p->srcPtr, p->srcPos);
    const Shape slice{p->extent.width, p->extent.height, 1};
    for (size_t z = 0; z < p->extent.depth; ++z) {
        const cudaError_t error = copy(to.start + z * to.slice, to.pitch, from.start + z * from.slice, from.pitch, slice,
                                       p->kind, where, "cudaMemcpy3D");
        if (error != cudaSuccess) return error;
    }
    return cudaSuccess;
}

cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* parameters, cudaStream_t stream, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaMemcpy3DAsync")) return bad;
    return cudaMemcpy3D(parameters, where);
}

cudaError_t cudaMemset(void* pointer, int value, size_t count, Location where) {
    return fill(pointer, count, value, Shape{count, 1, 1}, where, "cudaMemset");
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t count, cudaStream_t stream, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaMemsetAsync")) return bad;
    return fill(pointer, count, value, Shape{count, 1, 1}, where, "cudaMemsetAsync");
}

cudaError_t cudaMemset2D(void* pointer, size_t pitch, int value, size_t width, size_t height, Location where) {
    return fill(pointer, pitch, value, Shape{width, height, 1}, where, "cudaMemset2D");
}

cudaError_t cudaMemset2DAsync(void* pointer, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream,
                              Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaMemset2DAsync")) return bad;
    return fill(pointer, pitch, value, Shape{width, height, 1}, where, "cudaMemset2DAsync");
}

cudaError_t cudaMemset3D(cudaPitchedPtr pitched, int value, cudaExtent extent, Location where) {
    const Corner at = corner(pitched, cudaPos{0, 0, 0});
    for (size_t z = 0; z < extent.depth; ++z) {
        const Shape slice{extent.width, extent.height, 1};
        const cudaError_t error = fill(at.start + z * at.slice, at.pitch, value, slice, where, "cudaMemset3D");
        if (error != cudaSuccess) return error;
    }
    return cudaSuccess;
}

namespace codepar_cuda {
namespace {

cudaError_t outside_symbol(size_t size, size_t count, size_t offset, Location where, const char* call) {
    return fail(cudaErrorInvalidValue, where, call,
                std::to_string(count) + " bytes from byte " + std::to_string(offset) + " of a variable of " +
                    std::to_string(size) + " bytes",
                "memory_error");
}

}  // namespace

cudaError_t copy_to_symbol(const void* symbol, size_t size, const void* from, size_t count, size_t offset,
                           cudaMemcpyKind kind, cudaStream_t stream, Location where) {
    const char* const call = "cudaMemcpyToSymbol";
    if (const cudaError_t bad = check_stream(stream, where, call)) return bad;
    if (kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToDevice && kind != cudaMemcpyDefault)
        return fail(cudaErrorInvalidMemcpyDirection, where, call, "a copy to a variable goes to the device");
    if (offset > size || count > size - offset) return outside_symbol(size, count, offset, where, call);
    if (const cudaError_t bad = check_range(Range{from, count, sides(kind).from, "source"}, where, call)) return bad;
    if (count) std::memmove(static_cast<char*>(const_cast<void*>(symbol)) + offset, from, count);
    note_read(from, count);
    return cudaSuccess;
}

cudaError_t copy_from_symbol(void* to, const void* symbol, size_t size, size_t count, size_t offset, cudaMemcpyKind kind,
                             cudaStream_t stream, Location where) {
    const char* const call = "cudaMemcpyFromSymbol";
    if (const cudaError_t bad = check_stream(stream, where, call)) return bad;
    if (kind != cudaMemcpyDeviceToHost && kind != cudaMemcpyDeviceToDevice && kind != cudaMemcpyDefault)
        return fail(cudaErrorInvalidMemcpyDirection, where, call, "a copy from a variable comes from the device");
    if (offset > size || count > size - offset) return outside_symbol(size, count, offset, where, call);
    if (const cudaError_t bad = check_range(Range{to, count, sides(kind).to, "destination"}, where, call)) return bad;
    if (count) std::memmove(to, static_cast<const char*>(symbol) + offset, count);
    note_written(to, count);
    return cudaSuccess;
}

cudaError_t symbol_address(void** pointer, const void* symbol, size_t size, Location where) {
    if (const cudaError_t sticky = poisoned()) return sticky;
    if (!pointer) return fail(cudaErrorInvalidValue, where, "cudaGetSymbolAddress", "the place for the pointer is NULL");
    *pointer = const_cast<void*>(symbol);
    if (!find_allocation(symbol)) add_range(*pointer, size, MemoryKind::symbol, where);
    return cudaSuccess;
}

}  // namespace codepar_cuda
