package rtprof;

/**
 * Calls RegisterNatives() from Java: HotSpot looks two frames up for who replaces a function of a module of its own (jni_RegisterNatives in
 * share/prims/jni.cpp, from JDK 16 on), and warns unless that is of the same loader.
 */
final class NativeSetter {
    private NativeSetter() {}

    static void set(long function) {
        set0(function);
    }

    private static native void set0(long function);
}
