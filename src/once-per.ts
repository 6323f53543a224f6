/** @internal What a function makes of an object, made once for each. */
export function oncePer<Of extends object, Made>(make: (of: Of) => Made): (of: Of) => Made {
    const all = new WeakMap<Of, Made>()
    return (of) => {
        let made = all.get(of)
        if (made === undefined) all.set(of, (made = make(of)))
        return made
    }
}
