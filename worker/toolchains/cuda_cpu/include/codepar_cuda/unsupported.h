// What CUDA has and this runtime does not: textures, surfaces, arrays, graphs, stream capture, IPC. The names exist, so
// that a program says at which line it needs them (finding `unsupported`, cudaErrorNotSupported; in a kernel the launch ends)
// instead of not compiling.
// Limits: only the names that programs commonly use.
#pragma once

#include "codepar_cuda/copy_api.h"
#include "codepar_cuda/launch.h"

typedef unsigned long long cudaTextureObject_t;
typedef unsigned long long cudaSurfaceObject_t;
typedef struct CUgraph_st* cudaGraph_t;
typedef struct CUgraphExec_st* cudaGraphExec_t;
typedef struct CUgraphNode_st* cudaGraphNode_t;
struct cudaIpcMemHandle_t {
    char reserved[64];
};

#define cudaArrayDefault 0x00
#define cudaArraySurfaceLoadStore 0x02
#define cudaTextureType1D 0x01
#define cudaTextureType2D 0x02
#define cudaTextureType3D 0x03

enum cudaChannelFormatKind {
    cudaChannelFormatKindSigned = 0,
    cudaChannelFormatKindUnsigned = 1,
    cudaChannelFormatKindFloat = 2,
    cudaChannelFormatKindNone = 3
};
enum cudaTextureAddressMode {
    cudaAddressModeWrap = 0,
    cudaAddressModeClamp = 1,
    cudaAddressModeMirror = 2,
    cudaAddressModeBorder = 3
};
enum cudaTextureFilterMode { cudaFilterModePoint = 0, cudaFilterModeLinear = 1 };
enum cudaTextureReadMode { cudaReadModeElementType = 0, cudaReadModeNormalizedFloat = 1 };
enum cudaResourceType {
    cudaResourceTypeArray = 0,
    cudaResourceTypeMipmappedArray = 1,
    cudaResourceTypeLinear = 2,
    cudaResourceTypePitch2D = 3
};
enum cudaStreamCaptureMode {
    cudaStreamCaptureModeGlobal = 0,
    cudaStreamCaptureModeThreadLocal = 1,
    cudaStreamCaptureModeRelaxed = 2
};
struct cudaChannelFormatDesc {
    int x, y, z, w;
    enum cudaChannelFormatKind f;
};
struct cudaResourceDesc {
    enum cudaResourceType resType;
    struct {
        struct {
            cudaArray_t array;
        } array;
        struct {
            void* devPtr;
            cudaChannelFormatDesc desc;
            size_t sizeInBytes;
        } linear;
        struct {
            void* devPtr;
            cudaChannelFormatDesc desc;
            size_t width, height, pitchInBytes;
        } pitch2D;
    } res;
};
struct cudaTextureDesc {
    enum cudaTextureAddressMode addressMode[3];
    enum cudaTextureFilterMode filterMode;
    enum cudaTextureReadMode readMode;
    int sRGB;
    float borderColor[4];
    int normalizedCoords;
};

template <class T, int Type = cudaTextureType1D, cudaTextureReadMode Mode = cudaReadModeElementType>
struct texture {
    int normalized;
    enum cudaTextureFilterMode filterMode;
    enum cudaTextureAddressMode addressMode[3];
    cudaChannelFormatDesc channelDesc;
};

// Calls of the host are macros, which know the caller's line whatever their parameters are.
#define CODEPAR_UNSUPPORTED(call, what) ::codepar_cuda::unsupported({__FILE__, __LINE__}, call ": " what)
#define cudaCreateTextureObject(...) CODEPAR_UNSUPPORTED("cudaCreateTextureObject", "textures")
#define cudaDestroyTextureObject(...) CODEPAR_UNSUPPORTED("cudaDestroyTextureObject", "textures")
#define cudaGetTextureObjectResourceDesc(...) CODEPAR_UNSUPPORTED("cudaGetTextureObjectResourceDesc", "textures")
#define cudaBindTexture(...) CODEPAR_UNSUPPORTED("cudaBindTexture", "textures")
#define cudaBindTexture2D(...) CODEPAR_UNSUPPORTED("cudaBindTexture2D", "textures")
#define cudaBindTextureToArray(...) CODEPAR_UNSUPPORTED("cudaBindTextureToArray", "textures")
#define cudaUnbindTexture(...) CODEPAR_UNSUPPORTED("cudaUnbindTexture", "textures")
#define cudaGetTextureAlignmentOffset(...) CODEPAR_UNSUPPORTED("cudaGetTextureAlignmentOffset", "textures")
#define cudaCreateSurfaceObject(...) CODEPAR_UNSUPPORTED("cudaCreateSurfaceObject", "surfaces")
#define cudaDestroySurfaceObject(...) CODEPAR_UNSUPPORTED("cudaDestroySurfaceObject", "surfaces")
#define cudaBindSurfaceToArray(...) CODEPAR_UNSUPPORTED("cudaBindSurfaceToArray", "surfaces")
#define cudaMallocArray(...) CODEPAR_UNSUPPORTED("cudaMallocArray", "CUDA arrays")
#define cudaMalloc3DArray(...) CODEPAR_UNSUPPORTED("cudaMalloc3DArray", "CUDA arrays")
#define cudaFreeArray(...) CODEPAR_UNSUPPORTED("cudaFreeArray", "CUDA arrays")
#define cudaMemcpyToArray(...) CODEPAR_UNSUPPORTED("cudaMemcpyToArray", "CUDA arrays")
#define cudaMemcpyFromArray(...) CODEPAR_UNSUPPORTED("cudaMemcpyFromArray", "CUDA arrays")
#define cudaMemcpy2DToArray(...) CODEPAR_UNSUPPORTED("cudaMemcpy2DToArray", "CUDA arrays")
#define cudaMemcpy2DToArrayAsync(...) CODEPAR_UNSUPPORTED("cudaMemcpy2DToArrayAsync", "CUDA arrays")
#define cudaMemcpy2DFromArray(...) CODEPAR_UNSUPPORTED("cudaMemcpy2DFromArray", "CUDA arrays")
#define cudaMemcpyArrayToArray(...) CODEPAR_UNSUPPORTED("cudaMemcpyArrayToArray", "CUDA arrays")
#define cudaMallocMipmappedArray(...) CODEPAR_UNSUPPORTED("cudaMallocMipmappedArray", "CUDA arrays")
#define cudaGraphCreate(...) CODEPAR_UNSUPPORTED("cudaGraphCreate", "graphs")
#define cudaGraphInstantiate(...) CODEPAR_UNSUPPORTED("cudaGraphInstantiate", "graphs")
#define cudaGraphLaunch(...) CODEPAR_UNSUPPORTED("cudaGraphLaunch", "graphs")
#define cudaGraphDestroy(...) CODEPAR_UNSUPPORTED("cudaGraphDestroy", "graphs")
#define cudaGraphExecDestroy(...) CODEPAR_UNSUPPORTED("cudaGraphExecDestroy", "graphs")
#define cudaGraphAddKernelNode(...) CODEPAR_UNSUPPORTED("cudaGraphAddKernelNode", "graphs")
#define cudaGraphAddMemcpyNode(...) CODEPAR_UNSUPPORTED("cudaGraphAddMemcpyNode", "graphs")
#define cudaGraphExecUpdate(...) CODEPAR_UNSUPPORTED("cudaGraphExecUpdate", "graphs")
#define cudaGraphAddDependencies(...) CODEPAR_UNSUPPORTED("cudaGraphAddDependencies", "graphs")
#define cudaGraphUpload(...) CODEPAR_UNSUPPORTED("cudaGraphUpload", "graphs")
#define cudaStreamBeginCapture(...) CODEPAR_UNSUPPORTED("cudaStreamBeginCapture", "stream capture")
#define cudaStreamEndCapture(...) CODEPAR_UNSUPPORTED("cudaStreamEndCapture", "stream capture")
#define cudaStreamIsCapturing(...) CODEPAR_UNSUPPORTED("cudaStreamIsCapturing", "stream capture")
#define cudaStreamGetCaptureInfo(...) CODEPAR_UNSUPPORTED("cudaStreamGetCaptureInfo", "stream capture")
#define cudaIpcGetMemHandle(...) CODEPAR_UNSUPPORTED("cudaIpcGetMemHandle", "IPC")
#define cudaIpcOpenMemHandle(...) CODEPAR_UNSUPPORTED("cudaIpcOpenMemHandle", "IPC")
#define cudaIpcCloseMemHandle(...) CODEPAR_UNSUPPORTED("cudaIpcCloseMemHandle", "IPC")
#define cudaIpcGetEventHandle(...) CODEPAR_UNSUPPORTED("cudaIpcGetEventHandle", "IPC")
#define cudaIpcOpenEventHandle(...) CODEPAR_UNSUPPORTED("cudaIpcOpenEventHandle", "IPC")
#define cudaLaunchKernelEx(...) CODEPAR_UNSUPPORTED("cudaLaunchKernelEx", "launch attributes")
#define cudaLaunchKernelExC(...) CODEPAR_UNSUPPORTED("cudaLaunchKernelExC", "launch attributes")

template <class T>
inline cudaChannelFormatDesc cudaCreateChannelDesc() {
    const int bits = static_cast<int>(sizeof(T) * 8);
    return cudaChannelFormatDesc{bits, 0, 0, 0, cudaChannelFormatKindFloat};
}
inline cudaChannelFormatDesc cudaCreateChannelDesc(int x, int y, int z, int w, cudaChannelFormatKind kind) {
    return cudaChannelFormatDesc{x, y, z, w, kind};
}

// Fetches of device code: the launch ends at the first one.
#define CODEPAR_TEXTURE_FETCH(name, parameters)                                                             \
    template <class T>                                                                                      \
    inline T name(cudaTextureObject_t, parameters, CODEPAR_HERE) {                                          \
        ::codepar_cuda::unsupported_here(where, #name ": textures");                                        \
    }                                                                                                       \
    template <class T, int Type, cudaTextureReadMode Mode>                                                  \
    inline T name(texture<T, Type, Mode>, parameters, CODEPAR_HERE) {                                       \
        ::codepar_cuda::unsupported_here(where, #name ": textures");                                        \
    }
#define CODEPAR_COMMA ,
CODEPAR_TEXTURE_FETCH(tex1Dfetch, int)
CODEPAR_TEXTURE_FETCH(tex1D, float)
CODEPAR_TEXTURE_FETCH(tex2D, float CODEPAR_COMMA float)
CODEPAR_TEXTURE_FETCH(tex3D, float CODEPAR_COMMA float CODEPAR_COMMA float)
CODEPAR_TEXTURE_FETCH(tex2DLayered, float CODEPAR_COMMA float CODEPAR_COMMA int)
#undef CODEPAR_COMMA
#undef CODEPAR_TEXTURE_FETCH

template <class T>
inline T surf2Dread(cudaSurfaceObject_t, int, int, CODEPAR_HERE) {
    ::codepar_cuda::unsupported_here(where, "surf2Dread: surfaces");
}
template <class T>
inline void surf2Dwrite(T, cudaSurfaceObject_t, int, int, CODEPAR_HERE) {
    ::codepar_cuda::unsupported_here(where, "surf2Dwrite: surfaces");
}
